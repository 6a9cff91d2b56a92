//! Changes: a copy that applies them has what the collections have, at every release, for every selection.

mod example;
mod history;
mod replay;
mod responses;
