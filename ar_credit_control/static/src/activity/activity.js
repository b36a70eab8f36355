import { Activity } from "@mail/core/web/activity";
import { patch } from "@web/core/utils/patch";

patch(Activity.prototype, {
    /** Whether the activity asks its reader for an approval. */
    get isArApproval() {
        const { activity } = this.props;
        return (
            activity.activity_category === "ar_approval" &&
            activity.user_id?.partner_id?.eq?.(this.storeService.self)
        );
    },

    /**
     * Ask for the comment of the decision; the document checks who decides.
     * @param {"approve" | "reject"} decision
     */
    async onClickArDecide(decision) {
        const { activity, onActivityChanged, reloadParentView } = this.props;
        const { action, orm } = this.env.services;
        const wizard = await orm.call(activity.res_model, "action_open_ar_decision", [
            [activity.res_id],
            decision,
        ]);
        const thread = this.thread;
        await action.doAction(wizard, {
            onClose: async () => {
                onActivityChanged(thread);
                await reloadParentView();
            },
        });
    },
});
