DROP INDEX contours_unreadable, contours_box, territories_name_likeness, territories_search;
DROP FUNCTION contour_holds(jsonb, float8, float8), contour_is_readable(jsonb), contour_box(numeric, numeric, numeric, numeric);
DROP FUNCTION search_class(text, text), search_query(text), search_vector(text), search_words(text);
