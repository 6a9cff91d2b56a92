ALTER TABLE funding
    DROP COLUMN decided_on, DROP COLUMN decision_reference, DROP COLUMN aid_natures, DROP COLUMN payment_terms,
    DROP COLUMN rae_code, DROP COLUMN eu_notified, DROP COLUMN beneficiary_share;
ALTER TABLE actors DROP COLUMN siret, DROP COLUMN rna;
