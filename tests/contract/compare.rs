//! Owns the comparison of two OpenAPI documents: which changes break a client of the first that keeps to `docs/contract.md`.
//! Must not know what the documents are about.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::schema;

/// The methods of an OpenAPI path.
const METHODS: [&str; 7] = ["get", "put", "post", "delete", "options", "head", "patch"];

/// The members that say how a parameter is written in an address.
const SERIALISATION: [&str; 3] = ["style", "explode", "allowReserved"];

/// Who writes a value: a limit that grows is a break for the reader of an answer only if it was closed, and none for the writer of
/// a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Direction {
    /// Clients write it.
    Request,
    /// The service writes it.
    Response,
}

/// The two documents, and what was found.
pub struct Comparison<'d> {
    /// The earlier document.
    pub old: &'d Value,
    /// The later document.
    pub new: &'d Value,
    found: BTreeSet<String>,
    /// The components that were compared, with the later ones, which also ends circles.
    seen: BTreeSet<(String, Option<String>, Direction)>,
}

/// The breaking changes from one document to another, each as a text that identifies it, in alphabetical order.
pub fn breaking(old: &Value, new: &Value) -> Vec<String> {
    let mut comparison = Comparison { old, new, found: BTreeSet::new(), seen: BTreeSet::new() };
    for (path, item) in members(&old["paths"]) {
        for method in METHODS.into_iter().filter(|method| item.get(method).is_some()) {
            let at = format!("{} {path}", method.to_uppercase());
            let later = &new["paths"][path][method];
            match (is_experimental(&item[method]), later.is_null()) {
                (true, _) => {}
                (false, true) => comparison.report(&at, "removed"),
                (false, false) => comparison.operation(&at, &item[method], later),
            }
        }
    }
    comparison.found.into_iter().collect()
}

/// Whether an operation may change with any version.
fn is_experimental(operation: &Value) -> bool {
    operation["x-stability"] == "experimental"
}

/// The members of an object; none of anything else.
pub fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flat_map(Map::iter)
}

/// The part of a document to which a `$ref` leads, and the end of its name; the value itself if it has none.
pub fn resolve<'d>(document: &'d Value, value: &'d Value) -> (&'d Value, Option<&'d str>) {
    let (mut value, mut name) = (value, None);
    while let Some(target) = value["$ref"].as_str() {
        name = target.strip_prefix("#/components/");
        value = document.pointer(&target[1..]).unwrap_or_else(|| panic!("{target} is missing"));
    }
    (value, name)
}

impl<'d> Comparison<'d> {
    /// Adds a breaking change.
    pub fn report(&mut self, at: &str, what: impl AsRef<str>) {
        self.found.insert(format!("{at}: {}", what.as_ref()));
    }

    /// Both sides of a part, resolved, and where it stands: at its component, if the old document names one. `None` if this
    /// component was compared already.
    pub fn enter(&mut self, at: &str, old: &'d Value, new: &'d Value, way: Direction) -> Option<(String, &'d Value, &'d Value)> {
        let ((old, name), (new, later)) = (resolve(self.old, old), resolve(self.new, new));
        let at = match name {
            Some(name) if !self.seen.insert((name.to_owned(), later.map(str::to_owned), way)) => return None,
            Some(name) => name.to_owned(),
            None => at.to_owned(),
        };
        Some((at, old, new))
    }

    fn operation(&mut self, at: &str, old: &'d Value, new: &'d Value) {
        if old["operationId"] != new["operationId"] {
            self.report(at, "operationId changed");
        }
        self.parameters(at, old, new);
        self.body(at, &old["requestBody"], &new["requestBody"]);
        for (status, response) in members(&old["responses"]) {
            let at = format!("{at} {status}");
            match new["responses"].get(status) {
                Some(later) => self.response(&at, response, later),
                None => self.report(&at, "status removed"),
            }
        }
    }

    fn parameters(&mut self, at: &str, old: &'d Value, new: &'d Value) {
        let list = |document: &'d Value, operation: &'d Value| -> Vec<(&'d Value, &'d Value)> {
            let all = operation["parameters"].as_array().into_iter().flatten();
            all.map(|parameter| (parameter, resolve(document, parameter).0)).collect()
        };
        let key = |parameter: &Value| (parameter["in"].to_string(), parameter["name"].to_string());
        let (before, after) = (list(self.old, old), list(self.new, new));
        for (raw, parameter) in &before {
            let name = parameter["name"].as_str().unwrap_or_default();
            match after.iter().find(|(_, later)| key(later) == key(parameter)) {
                Some((later, _)) => self.parameter(&format!("{at} parameter {name}"), raw, later),
                None => self.report(at, format!("parameter {name} removed")),
            }
        }
        let added = after.iter().filter(|(_, later)| before.iter().all(|(_, parameter)| key(parameter) != key(later)));
        for (_, parameter) in added.filter(|(_, parameter)| parameter["required"] == true) {
            self.report(at, format!("required parameter {} added", parameter["name"].as_str().unwrap_or_default()));
        }
    }

    fn parameter(&mut self, at: &str, old: &'d Value, new: &'d Value) {
        let Some((at, old, new)) = self.enter(at, old, new, Direction::Request) else { return };
        if old["required"] != true && new["required"] == true {
            self.report(&at, "became required");
        }
        if SERIALISATION.iter().any(|member| old[member] != new[member]) {
            self.report(&at, "is written in another way");
        }
        self.schema(&at, &old["schema"], &new["schema"], Direction::Request);
    }

    fn body(&mut self, at: &str, old: &'d Value, new: &'d Value) {
        let at = &format!("{at} body");
        let Some((at, old, new)) = self.enter(at, old, new, Direction::Request) else { return };
        if old["required"] != true && new["required"] == true {
            self.report(&at, "became required");
        }
        self.content(&at, old, new, Direction::Request);
    }

    fn response(&mut self, at: &str, old: &'d Value, new: &'d Value) {
        let Some((at, old, new)) = self.enter(at, old, new, Direction::Response) else { return };
        for (name, header) in members(&old["headers"]) {
            match new["headers"].get(name) {
                Some(later) => {
                    let Some((at, header, later)) =
                        self.enter(&format!("{at} header {name}"), header, later, Direction::Response)
                    else {
                        continue;
                    };
                    self.schema(&at, &header["schema"], &later["schema"], Direction::Response);
                }
                None => self.report(&at, format!("header {name} removed")),
            }
        }
        self.content(&at, old, new, Direction::Response);
    }

    fn content(&mut self, at: &str, old: &'d Value, new: &'d Value, way: Direction) {
        for (media, content) in members(&old["content"]) {
            match new["content"].get(media) {
                Some(later) => self.schema(&format!("{at} {media}"), &content["schema"], &later["schema"], way),
                None => self.report(at, format!("media type {media} removed")),
            }
        }
    }

    fn schema(&mut self, at: &str, old: &'d Value, new: &'d Value, way: Direction) {
        schema::compare(self, at, old, new, way);
    }
}
