//! Owns the tables as Diesel's typed queries see them: only those that typed queries use.
//! A test compares the columns of every dataset with the migrated database.

diesel::table! {
    releases (number) {
        number -> Integer,
        published_at -> Timestamptz,
        bundle -> Nullable<Text>,
    }
}
