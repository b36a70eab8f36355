// Opened by a wallet's scanner: straight to that wallet's cashier. Once per page and tab, so that "back" comes back
// to the choice; where nothing can be remembered, and without JavaScript, the button is there.

const button = document.querySelector("button[data-go]");
const [entry] = performance.getEntriesByType("navigation");
const isVisit = entry && entry.type === "navigate" && !document.prerendering;

if (button && isVisit && document.visibilityState === "visible") {
    const key = `started ${location.pathname}`;
    try {
        if (!sessionStorage.getItem(key)) {
            sessionStorage.setItem(key, "1");
            button.form.requestSubmit(button);
        }
    } catch {
        // No storage here: nothing would end a round trip between this page and the cashier.
    }
}
