-- A copy of a database must reach no gateway, neither live nor test.
UPDATE payment_provider
   SET state = 'disabled',
       alipay_app_id = NULL,
       alipay_seller_id = NULL,
       alipay_private_key = NULL,
       alipay_public_key = NULL,
       alipay_app_certificate = NULL,
       alipay_certificate = NULL,
       alipay_root_certificate = NULL
 WHERE code = 'alipay';
UPDATE payment_provider
   SET state = 'disabled',
       wechatpay_mchid = NULL,
       wechatpay_appid = NULL,
       wechatpay_private_key = NULL,
       wechatpay_certificate_serial = NULL,
       wechatpay_apiv3_key = NULL,
       wechatpay_public_key_id = NULL,
       wechatpay_public_key = NULL,
       wechatpay_platform_certificates = NULL,
       wechatpay_app_secret = NULL
 WHERE code = 'wechatpay';
UPDATE payment_provider
   SET state = 'disabled',
       unionpay_mer_id = NULL,
       unionpay_private_key = NULL,
       unionpay_certificate = NULL,
       unionpay_root_certificate = NULL,
       unionpay_middle_certificate = NULL
 WHERE code = 'unionpay';
DELETE FROM ir_config_parameter WHERE key LIKE 'ar\_payment\_gateways.%\_test\_url';
UPDATE ir_cron
   SET active = FALSE
 WHERE id IN (SELECT res_id FROM ir_model_data WHERE module = 'ar_payment_gateways' AND model = 'ir.cron');
