-- Indexes for the usual questions (docs/usual-questions.md): each holds the rows of a filter in the order of a page, so that a
-- page is read without a sort, and a page far behind as fast as the first. The plan is then the same for every value.
CREATE INDEX territories_kind_code ON territories (kind, code);
DROP INDEX territories_departement;
CREATE INDEX territories_departement_code ON territories (departement_code, code);
CREATE INDEX territories_departement_kind ON territories (departement_code, kind, code);
DROP INDEX territories_epci;
CREATE INDEX territories_epci_code ON territories (epci_code, code);
CREATE INDEX territories_arrondissement_code ON territories (arrondissement_code, code);
CREATE INDEX territories_region_code ON territories (region_code, code);
CREATE INDEX territories_region_kind ON territories (region_code, kind, code);
CREATE INDEX territories_source_code ON territories (source_code, code);

DROP INDEX funding_convention, funding_territory, funding_payer, funding_beneficiary, funding_measure, funding_commitment;
CREATE INDEX funding_convention_code ON funding (convention_code, code);
CREATE INDEX funding_territory_code ON funding (territory_code, code);
CREATE INDEX funding_payer_code ON funding (payer_code, code);
CREATE INDEX funding_beneficiary_code ON funding (beneficiary_code, code);
CREATE INDEX funding_measure_code ON funding (measure_code, code);
CREATE INDEX funding_commitment_code ON funding (commitment_code, code);
CREATE INDEX funding_stage_code ON funding (stage, code);
CREATE INDEX funding_source_code ON funding (source_code, code);

DROP INDEX events_territory;
CREATE INDEX events_territory_code ON events (territory_code, code);
CREATE INDEX events_kind_code ON events (kind, code);
CREATE INDEX events_source_code ON events (source_code, code);
