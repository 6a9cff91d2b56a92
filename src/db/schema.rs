// @generated automatically by Diesel CLI.

diesel::table! {
    actors (code, first_release) {
        code -> Text,
        kind -> Text,
        name -> Text,
        short_name -> Nullable<Text>,
        role -> Text,
        territory_code -> Nullable<Text>,
        siren -> Nullable<Text>,
        email -> Nullable<Text>,
        phone -> Nullable<Text>,
        website -> Nullable<Text>,
        source_code -> Text,
        source_location -> Nullable<Text>,
        note -> Nullable<Text>,
        first_release -> Int4,
        last_release -> Nullable<Int4>,
        siret -> Nullable<Text>,
        rna -> Nullable<Text>,
    }
}

diesel::table! {
    audit (id) {
        id -> Int8,
        at -> Timestamptz,
        actor -> Text,
        action -> Text,
        outcome -> Text,
        release -> Nullable<Int4>,
        files -> Jsonb,
        request_id -> Nullable<Text>,
        publication -> Nullable<Text>,
        detail -> Jsonb,
        digest -> Bytea,
    }
}

diesel::table! {
    audit_head (single) {
        single -> Bool,
        id -> Int8,
        at -> Timestamptz,
        digest -> Bytea,
    }
}

diesel::table! {
    breakdowns (code, first_release) {
        code -> Text,
        title -> Text,
        parent_code -> Nullable<Text>,
        source_code -> Text,
        source_location -> Nullable<Text>,
        note -> Nullable<Text>,
        first_release -> Int4,
        last_release -> Nullable<Int4>,
    }
}

diesel::table! {
    commitments (code, first_release) {
        code -> Text,
        kind -> Text,
        rank -> Int4,
        title -> Text,
        summary -> Text,
        objective -> Nullable<Text>,
        source_code -> Text,
        source_location -> Nullable<Text>,
        note -> Nullable<Text>,
        first_release -> Int4,
        last_release -> Nullable<Int4>,
    }
}

diesel::table! {
    containments (container_code, part_code, first_release) {
        container_code -> Text,
        part_code -> Text,
        population_share -> Numeric,
        direct -> Bool,
        first_release -> Int4,
        last_release -> Nullable<Int4>,
    }
}

diesel::table! {
    contours (territory_code, first_release) {
        territory_code -> Text,
        west -> Numeric,
        south -> Numeric,
        east -> Numeric,
        north -> Numeric,
        contour -> Jsonb,
        source_code -> Text,
        source_location -> Nullable<Text>,
        note -> Nullable<Text>,
        first_release -> Int4,
        last_release -> Nullable<Int4>,
    }
}

diesel::table! {
    conventions (code, first_release) {
        code -> Text,
        kind -> Text,
        title -> Text,
        summary -> Text,
        territory_code -> Text,
        signatory_codes -> Array<Nullable<Text>>,
        partner_codes -> Nullable<Array<Nullable<Text>>>,
        commitment_code -> Nullable<Text>,
        signed_on -> Nullable<Date>,
        period -> Nullable<Text>,
        period_start -> Nullable<Date>,
        period_end -> Nullable<Date>,
        objectives -> Nullable<Array<Nullable<Text>>>,
        source_code -> Text,
        source_location -> Nullable<Text>,
        note -> Nullable<Text>,
        first_release -> Int4,
        last_release -> Nullable<Int4>,
        measure_codes -> Nullable<Array<Nullable<Text>>>,
        other_source_codes -> Nullable<Array<Nullable<Text>>>,
    }
}

diesel::table! {
    events (code, first_release) {
        code -> Text,
        kind -> Text,
        title -> Text,
        summary -> Text,
        period -> Nullable<Text>,
        period_start -> Nullable<Date>,
        period_end -> Nullable<Date>,
        territory_code -> Text,
        commitment_code -> Nullable<Text>,
        measure_codes -> Nullable<Array<Nullable<Text>>>,
        convention_code -> Nullable<Text>,
        actor_codes -> Nullable<Array<Nullable<Text>>>,
        source_code -> Text,
        source_location -> Nullable<Text>,
        note -> Nullable<Text>,
        first_release -> Int4,
        last_release -> Nullable<Int4>,
        period_basis -> Nullable<Text>,
        other_source_codes -> Nullable<Array<Nullable<Text>>>,
    }
}

diesel::table! {
    figures (series_id, period_end, period_start, period, first_release) {
        series_id -> Int4,
        period_start -> Date,
        period_end -> Date,
        first_release -> Int4,
        last_release -> Nullable<Int4>,
        geography_year -> Int4,
        value -> Nullable<Numeric>,
        rounding -> Nullable<Numeric>,
        period -> Text,
        qualifier -> Text,
        statuses -> Text,
        source_location -> Nullable<Text>,
        note -> Nullable<Text>,
        period_basis -> Nullable<Text>,
    }
}

diesel::table! {
    funding (code, first_release) {
        code -> Text,
        title -> Text,
        convention_code -> Nullable<Text>,
        measure_code -> Nullable<Text>,
        commitment_code -> Nullable<Text>,
        payer_code -> Text,
        beneficiary_code -> Nullable<Text>,
        territory_code -> Text,
        stage -> Text,
        period -> Text,
        period_start -> Date,
        period_end -> Nullable<Date>,
        amount_eur -> Nullable<Numeric>,
        qualifier -> Nullable<Text>,
        cofunding_group -> Nullable<Text>,
        source_code -> Text,
        source_location -> Nullable<Text>,
        note -> Nullable<Text>,
        first_release -> Int4,
        last_release -> Nullable<Int4>,
        decided_on -> Nullable<Date>,
        decision_reference -> Nullable<Text>,
        aid_natures -> Nullable<Array<Nullable<Text>>>,
        payment_terms -> Nullable<Text>,
        rae_code -> Nullable<Text>,
        eu_notified -> Nullable<Bool>,
        beneficiary_share -> Nullable<Numeric>,
        period_basis -> Nullable<Text>,
    }
}

diesel::table! {
    indicators (code, first_release) {
        code -> Text,
        title -> Text,
        definition -> Text,
        unit_code -> Text,
        unit_multiplier -> Int4,
        decimals -> Int4,
        territory_additivity -> Text,
        time_additivity -> Text,
        weight_indicator_code -> Nullable<Text>,
        direction -> Text,
        minimum -> Nullable<Numeric>,
        maximum -> Nullable<Numeric>,
        commitment_code -> Nullable<Text>,
        measure_code -> Nullable<Text>,
        convention_code -> Nullable<Text>,
        method -> Nullable<Text>,
        successor_code -> Nullable<Text>,
        source_code -> Text,
        source_location -> Nullable<Text>,
        note -> Nullable<Text>,
        first_release -> Int4,
        last_release -> Nullable<Int4>,
    }
}

diesel::table! {
    keys (name) {
        name -> Text,
        hash -> Bytea,
        scopes -> Array<Nullable<Text>>,
        publisher -> Text,
        created_at -> Timestamptz,
        expires_at -> Timestamptz,
        revoked_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    measures (code, first_release) {
        code -> Text,
        commitment_code -> Text,
        title -> Text,
        summary -> Text,
        status -> Text,
        period -> Nullable<Text>,
        period_start -> Nullable<Date>,
        period_end -> Nullable<Date>,
        audience -> Nullable<Text>,
        territory_codes -> Array<Nullable<Text>>,
        lead_codes -> Nullable<Array<Nullable<Text>>>,
        partner_codes -> Nullable<Array<Nullable<Text>>>,
        source_code -> Text,
        source_location -> Nullable<Text>,
        note -> Nullable<Text>,
        first_release -> Int4,
        last_release -> Nullable<Int4>,
        status_as_of -> Nullable<Text>,
        period_basis -> Nullable<Text>,
        announcer_codes -> Nullable<Array<Nullable<Text>>>,
        legislator_codes -> Nullable<Array<Nullable<Text>>>,
        legal_act -> Nullable<Text>,
        legal_act_url -> Nullable<Text>,
        other_source_codes -> Nullable<Array<Nullable<Text>>>,
    }
}

diesel::table! {
    memberships (container_code, part_code, first_release) {
        container_code -> Text,
        part_code -> Text,
        population_share -> Numeric,
        source_code -> Text,
        source_location -> Nullable<Text>,
        note -> Nullable<Text>,
        first_release -> Int4,
        last_release -> Nullable<Int4>,
    }
}

diesel::table! {
    objectives (code, first_release) {
        code -> Text,
        title -> Text,
        commitment_code -> Nullable<Text>,
        measure_code -> Nullable<Text>,
        indicator_code -> Text,
        territory_codes -> Array<Nullable<Text>>,
        baseline_value -> Nullable<Numeric>,
        baseline_qualifier -> Nullable<Text>,
        baseline_period -> Nullable<Text>,
        baseline_status -> Nullable<Text>,
        target_value -> Nullable<Numeric>,
        target_qualifier -> Nullable<Text>,
        target_factor -> Nullable<Numeric>,
        deadline -> Nullable<Text>,
        source_code -> Text,
        source_location -> Nullable<Text>,
        note -> Nullable<Text>,
        first_release -> Int4,
        last_release -> Nullable<Int4>,
    }
}

diesel::table! {
    publications (id) {
        id -> Text,
        key_name -> Text,
        idempotency_key -> Nullable<Text>,
        digest -> Text,
        dry_run -> Bool,
        state -> Text,
        created_at -> Timestamptz,
        seen_at -> Timestamptz,
        bytes_read -> Int8,
        bytes_total -> Int8,
    }
}

diesel::table! {
    release_digests (release) {
        release -> Int4,
        fields -> Jsonb,
        parts -> Jsonb,
        digest -> Bytea,
    }
}

diesel::table! {
    release_files (release, file) {
        release -> Int4,
        file -> Text,
        dataset -> Text,
        sha256 -> Text,
        bytes -> Int8,
        rows -> Int8,
        fields -> Array<Nullable<Text>>,
        recorded_at -> Timestamptz,
    }
}

diesel::table! {
    releases (number) {
        number -> Int4,
        published_at -> Timestamptz,
        title -> Text,
        notes -> Nullable<Text>,
        publisher -> Text,
        licence -> Text,
        bundle -> Nullable<Text>,
        added -> Int4,
        changed -> Int4,
        withdrawn -> Int4,
        counts -> Jsonb,
        files -> Jsonb,
        first_release -> Int4,
        last_release -> Nullable<Int4>,
    }
}

diesel::table! {
    series (id) {
        id -> Int4,
        indicator_code -> Text,
        territory_code -> Text,
        breakdown_code -> Text,
        nature -> Text,
        source_code -> Text,
    }
}

diesel::table! {
    sources (code, first_release) {
        code -> Text,
        kind -> Text,
        title -> Text,
        publisher -> Text,
        published_period -> Nullable<Text>,
        edition -> Nullable<Text>,
        licence -> Text,
        licence_url -> Nullable<Text>,
        url -> Nullable<Text>,
        file_format -> Nullable<Text>,
        sha256 -> Nullable<Text>,
        retrieved_on -> Nullable<Date>,
        summary -> Nullable<Text>,
        note -> Nullable<Text>,
        first_release -> Int4,
        last_release -> Nullable<Int4>,
    }
}

diesel::table! {
    territories (code, first_release) {
        code -> Text,
        kind -> Text,
        official_code -> Nullable<Text>,
        name -> Text,
        siren -> Nullable<Text>,
        legal_form -> Nullable<Text>,
        zone -> Nullable<Text>,
        population -> Nullable<Int4>,
        population_year -> Nullable<Int4>,
        commune_code -> Nullable<Text>,
        arrondissement_code -> Nullable<Text>,
        departement_code -> Nullable<Text>,
        region_code -> Nullable<Text>,
        epci_code -> Nullable<Text>,
        chief_commune_code -> Nullable<Text>,
        postal_codes -> Nullable<Array<Nullable<Text>>>,
        former_codes -> Nullable<Array<Nullable<Text>>>,
        longitude -> Nullable<Numeric>,
        latitude -> Nullable<Numeric>,
        geography_year -> Int4,
        source_code -> Text,
        source_location -> Nullable<Text>,
        note -> Nullable<Text>,
        first_release -> Int4,
        last_release -> Nullable<Int4>,
        status -> Text,
        valid_from -> Nullable<Date>,
        valid_until -> Nullable<Date>,
        end_event_code -> Nullable<Text>,
        successor_codes -> Nullable<Array<Nullable<Text>>>,
    }
}

diesel::table! {
    territory_states (territory_code, valid_from, first_release) {
        territory_code -> Text,
        valid_from -> Date,
        valid_until -> Nullable<Date>,
        kind -> Text,
        name -> Text,
        arrondissement_code -> Nullable<Text>,
        departement_code -> Nullable<Text>,
        region_code -> Nullable<Text>,
        epci_code -> Nullable<Text>,
        start_event_code -> Nullable<Text>,
        end_event_code -> Nullable<Text>,
        predecessor_codes -> Nullable<Array<Nullable<Text>>>,
        successor_codes -> Nullable<Array<Nullable<Text>>>,
        source_code -> Text,
        source_location -> Nullable<Text>,
        note -> Nullable<Text>,
        first_release -> Int4,
        last_release -> Nullable<Int4>,
    }
}

diesel::table! {
    units (code, first_release) {
        code -> Text,
        title -> Text,
        title_plural -> Text,
        symbol -> Nullable<Text>,
        source_code -> Text,
        source_location -> Nullable<Text>,
        note -> Nullable<Text>,
        first_release -> Int4,
        last_release -> Nullable<Int4>,
    }
}

diesel::table! {
    withdrawals (dataset, code, release) {
        dataset -> Text,
        code -> Text,
        release -> Int4,
        reason -> Text,
        successor_code -> Nullable<Text>,
    }
}

diesel::allow_tables_to_appear_in_same_query!(
    actors,
    audit,
    audit_head,
    breakdowns,
    commitments,
    containments,
    contours,
    conventions,
    events,
    figures,
    funding,
    indicators,
    keys,
    measures,
    memberships,
    objectives,
    publications,
    release_digests,
    release_files,
    releases,
    series,
    sources,
    territories,
    territory_states,
    units,
    withdrawals,
);
