import { cookie } from "@web/core/browser/cookie";
import { getColor, getCustomColor, hexToRGBA } from "@web/core/colors/colors";
import { registry } from "@web/core/registry";
import {
    JournalDashboardGraphField,
    journalDashboardGraphField,
} from "@web/views/fields/journal_dashboard_graph/journal_dashboard_graph_field";

const LINES = {
    effective_limit: { shades: ["#374151", "#E4E4E4"], dashed: true, stepped: true },
    exposure: { color: 3, filled: true },
    overdue: { shades: ["#d44c59", "#ff7076"] },
};

/** Odoo's graph of journals, with several lines, their names and an axis of amounts. */
export class ArCreditHistoryGraphField extends JournalDashboardGraphField {
    static template = "ar_credit_control.HistoryGraph";

    /** @override */
    getLineChartConfig() {
        const scheme = cookie.get("color_scheme");
        const text = getCustomColor(scheme, "#111827", "#E4E4E4");
        const grid = getCustomColor(scheme, "#d8dadd", "#3C3E4B");
        const datasets = this.data.series.map(({ kind, name, values }) => {
            const { color, shades, dashed, filled, stepped } = LINES[kind];
            const line = shades ? getCustomColor(scheme, ...shades) : getColor(color, scheme, "odoo");
            return {
                label: name,
                data: values,
                borderColor: line,
                backgroundColor: hexToRGBA(line, 0.2),
                borderDash: dashed ? [6, 4] : [],
                borderWidth: 2,
                pointRadius: 0,
                stepped: Boolean(stepped),
                fill: filled ? "origin" : false,
            };
        });
        return {
            type: "line",
            data: { labels: this.data.labels, datasets },
            options: {
                animation: false,
                maintainAspectRatio: false,
                interaction: { intersect: false, mode: "index" },
                plugins: { legend: { position: "bottom", labels: { color: text, boxHeight: 1 } } },
                scales: {
                    x: { grid: { display: false }, ticks: { color: text, maxTicksLimit: 8, maxRotation: 0 } },
                    y: {
                        beginAtZero: true,
                        title: { display: true, text: this.data.unit, color: text },
                        grid: { color: grid },
                        ticks: { color: text, maxTicksLimit: 6 },
                    },
                },
            },
        };
    }
}

registry.category("fields").add("ar_credit_history_graph", {
    ...journalDashboardGraphField,
    component: ArCreditHistoryGraphField,
    extractProps: () => ({ graphType: "line" }),
});
