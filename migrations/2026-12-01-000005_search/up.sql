-- The search compares words without accents, case, hyphens and elisions: as a whole, by their prefix, and by their French
-- stem. The stemmer alone is not enough: it gives « débit » and « débits » different stems.

-- The words of a text: letters and digits only, with « st » and « ste » expanded to « saint » and « sainte ».
CREATE FUNCTION search_words(text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT trim(regexp_replace(regexp_replace(regexp_replace(fold($1), '[^a-z0-9]+', ' ', 'g'), '\mst\M', 'saint', 'g'), '\mste\M', 'sainte', 'g'))
$$;

-- A list as one text. array_to_string is only STABLE, because the output of some types depends on settings of the session;
-- that of text does not.
CREATE FUNCTION search_list(text[]) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(array_to_string($1, ' '), '')
$$;

-- The search vector of a text. A tsvector has at most 1 MB, so the text is cut. The high cost keeps the planner from a
-- sequential scan when it expects to find one row soon.
CREATE FUNCTION search_vector(text) RETURNS tsvector LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 5000 AS $$
    SELECT to_tsvector('pg_catalog.simple', left(search_words($1), 100000)) || to_tsvector('pg_catalog.french', left(search_words($1), 100000))
$$;

-- The query of a search: every word, by its prefix or its stem. Stop words (« de », the « l » of « l'accès ») are
-- left out unless the search has no other words.
CREATE FUNCTION search_query(text) RETURNS tsquery LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    WITH word AS (
        SELECT w, (ts_lexize('pg_catalog.french_stem', w))[1] AS stem
        FROM regexp_split_to_table(search_words($1), ' ') AS w WHERE w <> ''
    )
    SELECT coalesce(
        (SELECT string_agg(format('(%s:* | %s)', w, stem), ' & ') FROM word WHERE stem IS NOT NULL AND length(w) > 1),
        (SELECT string_agg(w || ':*', ' & ') FROM word),
        ''
    )::tsquery
$$;

-- The class of a title for a search: the title equals the words, begins with them, contains them in sequence, or none.
CREATE FUNCTION search_class(title text, asked text) RETURNS integer LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT CASE
        WHEN search_words(title) = search_words(asked) THEN 3000000
        WHEN starts_with(search_words(title), search_words(asked)) THEN 2000000
        WHEN strpos(' ' || search_words(title), ' ' || search_words(asked)) > 0 THEN 1000000
        ELSE 0
    END
$$;

CREATE INDEX territories_search ON territories
    USING gin (search_vector(name || ' ' || coalesce(official_code, '') || ' ' || search_list(postal_codes)));
CREATE INDEX territories_name_likeness ON territories USING gin (search_words(name) gin_trgm_ops);

-- The search for the contours at a point. The index finds the contours whose bounding box contains the point. For these
-- few the exact test follows: a point is inside if a ray from it crosses the rings, including holes, an odd number of times.
CREATE FUNCTION contour_box(west numeric, south numeric, east numeric, north numeric) RETURNS box
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT box(point(west::float8, south::float8), point(east::float8, north::float8))
$$;

-- Whether a contour can be read: a Polygon or a MultiPolygon whose every position is two numbers of degrees. Publishing checks
-- more; this function holds for every row that is stored, however it came there. A path that meets another structure gives
-- null.
CREATE FUNCTION contour_is_readable(contour jsonb) RETURNS boolean LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT coalesce(jsonb_typeof(contour) = 'object' AND CASE contour->>'type'
        WHEN 'Polygon' THEN NOT jsonb_path_exists(contour, 'strict $.coordinates[*][*] ? (@.type() != "array" || @.size() != 2
            || @[0].type() != "number" || @[1].type() != "number" || @[0] < -180 || @[0] > 180 || @[1] < -90 || @[1] > 90)', '{}', true)
        WHEN 'MultiPolygon' THEN NOT jsonb_path_exists(contour, 'strict $.coordinates[*][*][*] ? (@.type() != "array" || @.size() != 2
            || @[0].type() != "number" || @[1].type() != "number" || @[0] < -180 || @[0] > 180 || @[1] < -90 || @[1] > 90)', '{}', true)
    END, false)
$$;

-- A contour that cannot be read holds no point. Numbers are rounded, because a number that is nearly zero is no float8.
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

-- The contours that cannot be read, which are none unless a row was written behind the program's back: the log names them.
CREATE INDEX contours_unreadable ON contours (territory_code) WHERE NOT contour_is_readable(contour);

CREATE INDEX contours_box ON contours USING gist (contour_box(west, south, east, north));

-- A trigram index on the code itself also supports equality, fifty times slower than the index of the key, and the
-- planner rates both alike. On an expression it only supports the search for the closest code.
DROP INDEX territories_code_likeness;
CREATE INDEX territories_code_likeness ON territories USING gist ((code || '') gist_trgm_ops);
