// Waits on the page of a gateway order until it is paid or over, then shows what the server says.
// Plain JavaScript on purpose: Odoo's frontend bundle weighs over a megabyte and its templates need
// 'unsafe-eval', which the strict content security policy of this page rules out.

const FIRST_SECONDS = 3;
const SLOW_SECONDS = 10;
const SLOW_AFTER = 60;

let asked = 0;
let timer = setTimeout(ask, 1000 * FIRST_SECONDS);

async function ask() {
    clearTimeout(timer);
    asked += 1;
    timer = setTimeout(ask, 1000 * (asked < SLOW_AFTER ? FIRST_SECONDS : SLOW_SECONDS));
    try {
        const response = await fetch(`${location.pathname}/status`, {
            method: "POST",
            headers: { "Content-Type": "application/json" },
            body: JSON.stringify({ jsonrpc: "2.0", method: "call", params: {} }),
        });
        const { result } = await response.json();
        if (result && !["draft", "open"].includes(result.state)) {
            location.reload();
        }
    } catch {
        // No network for a moment; the next question may get through.
    }
}

// Where the gateway's own page takes the payment, go there, but only once: the way back must not lead there again.
const go = document.querySelector("[data-go]");
if (go && !sessionStorage.getItem(location.pathname)) {
    sessionStorage.setItem(location.pathname, "gone");
    if (go.dataset.go === "form") {
        go.submit();
    } else {
        go.click();
    }
}

// Coming back from the wallet app: the payment is most likely done, so ask at once.
document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") {
        ask();
    }
});
