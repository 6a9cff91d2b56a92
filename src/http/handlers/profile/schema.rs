//! Owns the schema of profiles.
//! Must not know how a profile is read.

use serde_json::{Value, json};

use crate::query::model::change::Unsaid;

/// What the reasons for an unsaid change mean.
const UNSAID: &str = "Why no change is said: `no_previous` (no figure of a period of the same length), `break` (the series breaks \
    between the two), `definition` (one of them counts something else: status `D`, `K` or `W`), `hedged` (their qualifiers leave \
    the change open). Null beside a change. Open list: may grow.";

/// The schema of a profile.
pub struct Profile;

impl utoipa::PartialSchema for Profile {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        let row = |name: &str| json!({"$ref": format!("#/components/schemas/{name}")});
        let or_null = |name: &str| json!({"anyOf": [row(name), {"type": "null"}]});
        let previous = json!({
            "anyOf": [row("Observation"), {"type": "null"}],
            "description": "The figure before it, of a period of the same length.",
        });
        let qualifier = json!({
            "type": ["string", "null"],
            "description": "How the change is hedged, by the qualifiers of both, in the same words; null without a change.",
        });
        let unsaid: Vec<Value> = Unsaid::ALL.iter().map(|reason| json!(reason.name())).collect();
        let series = json!({
            "type": "object",
            "description": "One series: an indicator, a breakdown, a nature, a source.",
            "properties": {
                "latest": row("Observation"),
                "previous": previous,
                "change": {"type": ["number", "null"], "description": "`latest` minus `previous`, exactly; null if it cannot be said."},
                "change_qualifier": qualifier,
                "change_status": {"type": ["string", "null"], "description": "The weaker of the statuses of both (SDMX, CL_OBS_STATUS); null without a change."},
                "change_unsaid": {"type": ["string", "null"], "examples": unsaid, "description": UNSAID},
                "comparison": {"type": "object", "description": "The same figure of its département, region and country, and its rank among the territories of its kind."},
                "indicator": or_null("Indicator"),
                "source": or_null("Source"),
            },
            "required": [
                "latest", "previous", "change", "change_qualifier", "change_status", "change_unsaid", "comparison", "indicator", "source",
            ],
        });
        let data: Value = json!({
            "type": "object",
            "properties": {
                "territory": row("Territory"),
                "ancestors": {"type": "array", "items": row("TerritoryWithShare")},
                "series": {"type": "array", "items": series},
            },
            "required": ["territory", "ancestors", "series"],
        });
        let whole = json!({
            "type": "object",
            "properties": {"data": data, "meta": row("Meta"), "links": row("Links")},
            "required": ["data", "meta", "links"],
        });
        serde_json::from_value(whole).expect("the schema is made here")
    }
}

impl utoipa::ToSchema for Profile {
    fn name() -> std::borrow::Cow<'static, str> {
        "Profile".into()
    }
}
