-- The functions of the search call each other by qualified names. Indexes use these functions, and programs that rebuild
-- indexes with an empty search_path (pg_restore, pg_upgrade, parts of VACUUM) would not find unqualified names. The
-- indexes stay valid, because the results of the functions do not change.
DO $$
DECLARE
    home text := quote_ident(current_schema());
BEGIN
    EXECUTE format(
        'CREATE OR REPLACE FUNCTION search_words(text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
         AS $f$ SELECT trim(regexp_replace(regexp_replace(regexp_replace(%1$s.fold($1), ''[^a-z0-9]+'', '' '', ''g''), ''\mst\M'', ''saint'', ''g''), ''\mste\M'', ''sainte'', ''g'')) $f$',
        home);
    EXECUTE format(
        -- in PL/pgSQL, since Postgres starts an executor at each call of a SQL function that it cannot inline: four times the cost
        'CREATE OR REPLACE FUNCTION search_vector(text) RETURNS tsvector LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 5000 AS $f$
             DECLARE words text := left(%1$s.search_words($1), 100000);
             BEGIN
                 RETURN to_tsvector(''pg_catalog.simple'', words) || to_tsvector(''pg_catalog.french'', words);
             END
         $f$',
        home);
    EXECUTE format(
        'CREATE OR REPLACE FUNCTION search_query(text) RETURNS tsquery LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $f$
             WITH word AS (
                 SELECT w, (ts_lexize(''pg_catalog.french_stem'', w))[1] AS stem
                 FROM regexp_split_to_table(%1$s.search_words($1), '' '') AS w WHERE w <> ''''
             )
             SELECT coalesce(
                 (SELECT string_agg(format(''(%%s:* | %%s)'', w, stem), '' & '') FROM word WHERE stem IS NOT NULL AND length(w) > 1),
                 (SELECT string_agg(w || '':*'', '' & '') FROM word),
                 ''''
             )::tsquery
         $f$',
        home);
    EXECUTE format(
        'CREATE OR REPLACE FUNCTION search_class(title text, asked text) RETURNS integer LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
         AS $f$
             SELECT CASE
                 WHEN %1$s.search_words(title) = %1$s.search_words(asked) THEN 3000000
                 WHEN starts_with(%1$s.search_words(title), %1$s.search_words(asked)) THEN 2000000
                 WHEN strpos('' '' || %1$s.search_words(title), '' '' || %1$s.search_words(asked)) > 0 THEN 1000000
                 ELSE 0
             END
         $f$',
        home);
END $$;
