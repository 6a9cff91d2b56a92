//! Clients as they are: headers that no grammar knows, old protocols, proxies that change what they pass on, spellings of people.

mod conditions;
mod headers;
mod nginx;
mod proxy;
mod public_links;
mod spellings;
