import logging
import time
from datetime import timedelta

from odoo import fields, models
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY

_logger = logging.getLogger(__name__)
ATTEMPTS = 5


class ArCronBatch(models.AbstractModel):
    """Scheduled work on many records: one a transaction, each as often as it takes.

    Odoo runs a request again that was too late (40001), but not a scheduled action. And an error about one record
    must not keep the others waiting, now and at every later run.
    """

    _name = "ar.cron.batch"
    _description = "Scheduled work on many records"

    def _each(self, records, work):
        """Do some work on each of the records, in a transaction of its own, until all are done or the time is up.

        :param work: callable with one record.
        :return: whether all of them had their turn.
        """
        cron = self.env["ir.cron"]
        cron._commit_progress(remaining=len(records))
        for record in records:
            self._attempt(record, work)
            if not cron._commit_progress(1):
                return False
        return True

    def _attempt(self, record, work):
        """Do some work on one record; start again on what a faster transaction left, and leave what fails."""
        for attempt in range(ATTEMPTS):
            try:
                work(record)
                self.env.flush_all()
            except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
                self.env.cr.rollback()  # nothing but this record is in the transaction
                time.sleep(0.05 * 2**attempt)
            # Whatever is wrong with one record, the others must not wait for it.
            except Exception:
                self.env.cr.rollback()  # as above
                _logger.exception("Left to the next run: %s", record)
                return
            else:
                return
        _logger.warning("Left to the next run, as others change it all the time: %s", record)
        cron = self.env["ir.cron"].browse(self.env.context.get("cron_id", ()))
        if cron:
            cron._trigger(fields.Datetime.now() + timedelta(minutes=1))
