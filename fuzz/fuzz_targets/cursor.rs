//! Owns the fuzz target of the cursor.
//! Must not know what is done with the bytes.

#![no_main]

#[path = "../entries.rs"]
#[allow(dead_code, reason = "each target has one entry")]
mod entries;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| entries::cursor(data));
