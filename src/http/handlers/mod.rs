//! Owns the handlers, one file or folder for each kind of address.
//! Must not know SQL, nor the byte format of any representation.

pub mod admin;
pub mod aggregates;
pub mod changes;
pub mod collections;
pub mod comparisons;
pub mod contour;
pub mod docs;
pub mod exports;
pub mod files;
pub mod health;
pub mod history;
pub mod index;
pub mod items;
pub mod latest_release;
pub mod not_found;
pub mod problems;
pub mod profile;
pub mod publications;
pub mod redirect;
pub mod releases_feed;
pub mod starting;
pub mod wide_layout;
