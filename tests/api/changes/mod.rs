//! Changes: a copy that applies them equals the collections, at every release and for every selection.

mod example;
mod history;
mod leaving;
mod replay;
mod responses;
