//! Owns where a period may have an open end: in datasets whose rows need no last day. A figure is about days that end.
//! Must not know where values come from.

use super::dataset::Dataset;
use super::field::{Field, Kind};
use super::period;

impl Dataset {
    /// Whether a period may have an open end.
    pub fn has_open_periods(&self) -> bool {
        self.fields.iter().all(|field| !field.required || !matches!(field.kind, Kind::PeriodBound { end: true }))
    }

    /// Checks that a value of a field has an end, if it is a period and all periods of the dataset have one.
    ///
    /// # Errors
    /// Returns the end of a sentence that begins with the value.
    pub fn check_end(&self, field: &Field, value: &str) -> Result<(), String> {
        match matches!(field.kind, Kind::Period) && !self.has_open_periods() && value.ends_with(period::OPEN) {
            true => Err(format!("has no end, and every period of {} has one", self.name)),
            false => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::datasets::REGISTRY;

    #[test]
    fn only_figures_always_end() {
        let with_bounds = REGISTRY.iter().filter(|dataset| dataset.field("period_end").is_some());
        let ending: Vec<&str> = with_bounds.filter(|dataset| !dataset.has_open_periods()).map(|dataset| dataset.name).collect();
        assert_eq!(ending, ["observations"]);
    }
}
