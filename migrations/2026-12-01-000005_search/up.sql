-- The search compares words without accents, case, hyphens and elisions: as a whole, by their prefix, and by their French
-- stem. The stemmer alone is not enough: it gives « débit » and « débits » different stems.

-- The functions call each other by qualified names. Indexes use them, and programs that rebuild indexes with an empty search_path
-- (pg_restore, pg_upgrade, parts of VACUUM) would not find unqualified names. The high cost of a vector keeps the planner from a
-- sequential scan when it expects to find one row soon; a tsvector has at most 1 MB, so the text is cut.
DO $$
DECLARE
    home text := quote_ident(current_schema());
BEGIN
    EXECUTE format(
        'CREATE FUNCTION search_words(text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
         AS $f$ SELECT trim(regexp_replace(regexp_replace(regexp_replace(%1$s.fold($1), ''[^a-z0-9]+'', '' '', ''g''), ''\mst\M'', ''saint'', ''g''), ''\mste\M'', ''sainte'', ''g'')) $f$',
        home);
    EXECUTE format(
        -- in PL/pgSQL, since Postgres starts an executor at each call of a SQL function that it cannot inline: four times the cost
        'CREATE FUNCTION search_vector(text) RETURNS tsvector LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 5000 AS $f$
             DECLARE words text := left(%1$s.search_words($1), 100000);
             BEGIN
                 RETURN to_tsvector(''pg_catalog.simple'', words) || to_tsvector(''pg_catalog.french'', words);
             END
         $f$',
        home);
    EXECUTE format(
        'CREATE FUNCTION search_query(text) RETURNS tsquery LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $f$
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
        'CREATE FUNCTION search_class(title text, asked text) RETURNS integer LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
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
COMMENT ON FUNCTION search_words(text) IS
    'The words of a text: letters and digits only, with « st » and « ste » expanded to « saint » and « sainte ».';
COMMENT ON FUNCTION search_vector(text) IS 'The search vector of the first 100,000 characters of a text.';
COMMENT ON FUNCTION search_query(text) IS
    'The query of a search: every word, by its prefix or its stem. Stop words (« de », the « l » of « l''accès ») are left out unless '
    'the search has no other words.';
COMMENT ON FUNCTION search_class(text, text) IS
    'The class of a title for a search: it equals the words (3000000), begins with them (2000000), contains them in sequence (1000000), '
    'or none (0).';

CREATE INDEX territories_search ON territories
    USING gin (search_vector(name || ' ' || coalesce(official_code, '') || ' ' || search_list(postal_codes)));
CREATE INDEX territories_name_likeness ON territories USING gin (search_words(name) gin_trgm_ops);

CREATE FUNCTION contour_box(west numeric, south numeric, east numeric, north numeric) RETURNS box
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT box(point(west::float8, south::float8), point(east::float8, north::float8))
$$;
COMMENT ON FUNCTION contour_box(numeric, numeric, numeric, numeric) IS 'The bounding box of a contour, for the index.';

-- A path that meets another structure gives null.
CREATE FUNCTION contour_is_readable(contour jsonb) RETURNS boolean LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT coalesce(jsonb_typeof(contour) = 'object' AND CASE contour->>'type'
        WHEN 'Polygon' THEN NOT jsonb_path_exists(contour, 'strict $.coordinates[*][*] ? (@.type() != "array" || @.size() != 2
            || @[0].type() != "number" || @[1].type() != "number" || @[0] < -180 || @[0] > 180 || @[1] < -90 || @[1] > 90)', '{}', true)
        WHEN 'MultiPolygon' THEN NOT jsonb_path_exists(contour, 'strict $.coordinates[*][*][*] ? (@.type() != "array" || @.size() != 2
            || @[0].type() != "number" || @[1].type() != "number" || @[0] < -180 || @[0] > 180 || @[1] < -90 || @[1] > 90)', '{}', true)
    END, false)
$$;
COMMENT ON FUNCTION contour_is_readable(jsonb) IS
    'Whether a contour can be read: a Polygon or a MultiPolygon whose every position is two numbers of degrees. Publishing checks more; '
    'this holds for every row that is stored, however it came there.';

-- The index finds the contours whose bounding box contains the point; for these few the exact test follows: a point is inside if a
-- ray from it crosses the rings, including holes, an odd number of times. Numbers are rounded, because a number that is nearly zero
-- is no float8.
CREATE FUNCTION contour_holds(contour jsonb, x float8, y float8) RETURNS boolean LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT CASE WHEN contour_is_readable(contour) THEN (
        WITH ring AS (
            SELECT row_number() OVER () AS ring, r.value AS points
            FROM jsonb_array_elements(
                CASE contour->>'type' WHEN 'Polygon' THEN jsonb_build_array(contour->'coordinates') ELSE contour->'coordinates' END
            ) AS polygon, jsonb_array_elements(polygon.value) AS r
        ),
        corner AS (
            SELECT ring, place, round((p.value->>0)::numeric, 12)::float8 AS px, round((p.value->>1)::numeric, 12)::float8 AS py
            FROM ring, jsonb_array_elements(points) WITH ORDINALITY AS p(value, place)
        ),
        edge AS (
            SELECT px, py, lead(px) OVER side AS qx, lead(py) OVER side AS qy
            FROM corner WINDOW side AS (PARTITION BY ring ORDER BY place)
        )
        SELECT count(*) % 2 = 1 FROM edge
        WHERE qx IS NOT NULL AND (py > y) <> (qy > y) AND x < (qx - px) * (y - py) / (qy - py) + px
    ) ELSE false END
$$;
COMMENT ON FUNCTION contour_holds(jsonb, double precision, double precision) IS
    'Whether a point lies in a contour. A contour that cannot be read holds no point.';

-- The contours that cannot be read, which are none unless a row was written behind the program's back: the log names them.
CREATE INDEX contours_unreadable ON contours (territory_code) WHERE NOT contour_is_readable(contour);

CREATE INDEX contours_box ON contours USING gist (contour_box(west, south, east, north));
