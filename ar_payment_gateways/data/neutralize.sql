-- A copy of a database must reach no gateway, neither live nor test.
UPDATE payment_provider
   SET state = 'disabled',
       alipay_app_id = NULL,
       alipay_seller_id = NULL,
       alipay_private_key = NULL,
       alipay_public_key = NULL
 WHERE code = 'alipay';
DELETE FROM ir_config_parameter WHERE key LIKE 'ar\_payment\_gateways.%\_test\_url';
UPDATE ir_cron
   SET active = FALSE
 WHERE id IN (SELECT res_id FROM ir_model_data WHERE module = 'ar_payment_gateways' AND model = 'ir.cron');
