DROP INDEX events_territory_code, events_kind_code, events_source_code;
CREATE INDEX events_territory ON events (territory_code);

DROP INDEX funding_convention_code, funding_territory_code, funding_payer_code, funding_beneficiary_code, funding_measure_code,
    funding_commitment_code, funding_stage_code, funding_source_code;
CREATE INDEX funding_convention ON funding (convention_code);
CREATE INDEX funding_territory ON funding (territory_code, period_start);
CREATE INDEX funding_payer ON funding (payer_code);
CREATE INDEX funding_beneficiary ON funding (beneficiary_code);
CREATE INDEX funding_measure ON funding (measure_code);
CREATE INDEX funding_commitment ON funding (commitment_code);

DROP INDEX territories_kind_code, territories_departement_code, territories_departement_kind, territories_epci_code,
    territories_arrondissement_code, territories_region_code, territories_region_kind, territories_source_code;
CREATE INDEX territories_epci ON territories (epci_code);
CREATE INDEX territories_departement ON territories (departement_code);
