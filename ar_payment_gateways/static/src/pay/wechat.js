// Pays an order inside WeChat's browser: hands WeChat what our server has signed. Waiting for the payment is wait.js's.
// WeixinJSBridge comes from the browser itself, sometimes only after the page ("JSAPI调起支付").

const BRIDGE_SECONDS = 5;

const button = document.querySelector("[data-bridge]");
let opened = false;

function pay() {
    button.disabled = true;
    // What comes of it is not believed here: the page asks the server.
    window.WeixinJSBridge.invoke("getBrandWCPayRequest", JSON.parse(button.dataset.bridge), () => {
        button.disabled = false;
    });
}

function open() {
    if (!opened) {
        opened = true;
        button.addEventListener("click", pay);
        pay();
    }
}

if (window.WeixinJSBridge) {
    open();
} else {
    document.addEventListener("WeixinJSBridgeReady", open);
    setTimeout(() => {
        if (!window.WeixinJSBridge) {
            button.hidden = true;
            document.querySelector("[data-bridge-missing]").hidden = false;
        }
    }, 1000 * BRIDGE_SECONDS);
}
