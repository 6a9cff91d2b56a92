-- The fields of funding and of actors that SCDL « subventions » 2.1.1 requires.
ALTER TABLE actors
    ADD COLUMN siret text COLLATE "C" CHECK (siret ~ '^[0-9]{14}$'),
    ADD COLUMN rna text COLLATE "C" CHECK (rna ~ '^W[0-9]{9}$');
ALTER TABLE funding
    ADD COLUMN decided_on date,
    ADD COLUMN decision_reference text COLLATE "C",
    ADD COLUMN aid_natures text[] COLLATE "C",
    ADD COLUMN payment_terms text COLLATE "C" CHECK (char_length(payment_terms) <= 256),
    ADD COLUMN rae_code text COLLATE "C" CHECK (char_length(rae_code) <= 5),
    ADD COLUMN eu_notified boolean,
    ADD COLUMN beneficiary_share numeric CHECK (beneficiary_share > 0 AND beneficiary_share <= 1);
