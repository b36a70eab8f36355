// Copies the address of the page, for a browser that opens the wallet which this one does not.

const button = document.querySelector("button[data-copy]");
const address = document.querySelector("[data-address]");

function select() {
    const range = document.createRange();
    range.selectNodeContents(address);
    const selection = getSelection();
    selection.removeAllRanges();
    selection.addRange(range);
}

async function copy() {
    try {
        await navigator.clipboard.writeText(address.textContent);
    } catch {
        // Browsers of wallets often have no clipboard; what is selected can be copied by hand at worst.
        select();
        if (!document.execCommand("copy")) {
            return;
        }
    }
    document.querySelector("[data-copied]").hidden = false;
}

button.hidden = false;
button.addEventListener("click", copy);
