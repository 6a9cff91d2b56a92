//! Owns the change between two figures of a series: whether it can be said, and how it is hedged.
//! Must not know which figures are compared, nor how they are shown.

use num_bigint::{BigInt, Sign};

/// What a change depends on of a figure.
#[derive(Clone, Copy, Debug)]
pub struct Figure<'a> {
    /// Its value, a decimal number.
    pub value: &'a str,
    /// Its qualifier.
    pub qualifier: &'a str,
    /// Its statuses (SDMX, CL_OBS_STATUS), in any form that has each as a letter.
    pub statuses: &'a str,
    /// Whether its publisher rounded it.
    pub rounded: bool,
}

/// The change between two figures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FigureChange {
    /// The later value minus the earlier one, exactly, with as many decimals as the more precise one.
    pub value: String,
    /// How it is hedged.
    pub qualifier: &'static str,
}

/// Why no change is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unsaid {
    /// There is no earlier figure of a period of the same length.
    NoPrevious,
    /// The series breaks between the figures.
    Break,
    /// One of the figures counts something else: another definition, or more or fewer categories.
    Definition,
    /// The words of the figures (« près de », « plus de ») leave open whether and where the figure has moved.
    Hedged,
}

impl Unsaid {
    /// Every reason.
    pub const ALL: [Self; 4] = [Self::NoPrevious, Self::Break, Self::Definition, Self::Hedged];

    /// Its word in answers.
    pub fn name(self) -> &'static str {
        match self {
            Self::NoPrevious => "no_previous",
            Self::Break => "break",
            Self::Definition => "definition",
            Self::Hedged => "hedged",
        }
    }
}

/// The statuses of a figure that counts something else than its series.
const OTHER_CONTENT: [char; 3] = ['D', 'K', 'W'];

/// The change from one figure to a later one.
///
/// # Errors
/// Returns the reason why there is none.
pub fn change(earlier: Figure<'_>, later: Figure<'_>) -> Result<FigureChange, Unsaid> {
    if OTHER_CONTENT.iter().any(|status| later.statuses.contains(*status) != earlier.statuses.contains(*status)) {
        return Err(Unsaid::Definition);
    }
    let rounded = earlier.rounded || later.rounded;
    let qualifier = qualifier(earlier.qualifier, later.qualifier).filter(|words| !rounded || *words == "exact");
    let qualifier = qualifier.ok_or(Unsaid::Hedged)?;
    let value = difference(later.value, earlier.value).ok_or(Unsaid::Hedged)?;
    Ok(FigureChange { value, qualifier: if rounded { "about" } else { qualifier } })
}

/// The side on which a figure with a qualifier may lie: above the stated value, below it or on it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Leaning {
    On,
    Above { strictly: bool },
    Below { strictly: bool },
}

impl Leaning {
    /// `None` if the figure may lie on either side, or as far below as nobody knows.
    fn of(qualifier: &str) -> Option<Self> {
        Some(match qualifier {
            "exact" => Self::On,
            "at_least" => Self::Above { strictly: false },
            "more_than" => Self::Above { strictly: true },
            "at_most" => Self::Below { strictly: false },
            "less_than" => Self::Below { strictly: true },
            _ => return None,
        })
    }

    fn mirrored(self) -> Self {
        match self {
            Self::On => Self::On,
            Self::Above { strictly } => Self::Below { strictly },
            Self::Below { strictly } => Self::Above { strictly },
        }
    }
}

/// The qualifier of the difference of two figures. An approximation may be off by more than the difference, so that its
/// difference says nothing; a bound less a bound on the same side has none.
fn qualifier(earlier: &str, later: &str) -> Option<&'static str> {
    let (a, b) = (Leaning::of(later)?, Leaning::of(earlier)?.mirrored());
    let word = |above: bool, strictly: bool| match (above, strictly) {
        (true, true) => "more_than",
        (true, false) => "at_least",
        (false, true) => "less_than",
        (false, false) => "at_most",
    };
    match (a, b) {
        (Leaning::On, Leaning::On) => Some("exact"),
        (Leaning::Above { strictly }, Leaning::On) | (Leaning::On, Leaning::Above { strictly }) => Some(word(true, strictly)),
        (Leaning::Below { strictly }, Leaning::On) | (Leaning::On, Leaning::Below { strictly }) => Some(word(false, strictly)),
        (Leaning::Above { strictly: one }, Leaning::Above { strictly: other }) => Some(word(true, one || other)),
        (Leaning::Below { strictly: one }, Leaning::Below { strictly: other }) => Some(word(false, one || other)),
        _ => None,
    }
}

/// The difference of two decimals, with as many decimals as the more precise one. `None` if a text is no decimal.
fn difference(later: &str, earlier: &str) -> Option<String> {
    let decimals = |text: &str| text.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    let scale = decimals(later).max(decimals(earlier));
    let scaled =
        |text: &str| format!("{}{}", text.replacen('.', "", 1), "0".repeat(scale - decimals(text))).parse::<BigInt>().ok();
    let difference = scaled(later)? - scaled(earlier)?;
    let digits = format!("{:0>width$}", difference.magnitude().to_string(), width = scale + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    let sign = if difference.sign() == Sign::Minus { "-" } else { "" };
    Some(if scale > 0 { format!("{sign}{whole}.{fraction}") } else { format!("{sign}{whole}") })
}

#[cfg(test)]
mod tests {
    use super::{Figure, Unsaid, change, difference};

    fn said(earlier: (&str, &str, &str), later: (&str, &str, &str)) -> Result<(String, &'static str), Unsaid> {
        let figure = |(value, qualifier, statuses)| Figure { value, qualifier, statuses, rounded: false };
        change(figure(earlier), figure(later)).map(|change| (change.value, change.qualifier))
    }

    #[test]
    fn decimals_are_subtracted_exactly() {
        for (later, earlier, expected) in [
            ("9007199254740993", "9007199254740992", "1"),
            ("0.3", "0.1", "0.2"),
            ("0.30", "0.1", "0.20"),
            ("1", "0.999999999999999999", "0.000000000000000001"),
            ("-1.5", "2", "-3.5"),
            ("2", "-1.5", "3.5"),
            ("-2", "-3", "1"),
            ("-3", "-2", "-1"),
            ("10", "10", "0"),
            ("-0.0", "0", "0.0"),
            ("99", "-1", "100"),
            ("100", "1", "99"),
            ("007", "7", "0"),
        ] {
            assert_eq!(difference(later, earlier).as_deref(), Some(expected), "{later} - {earlier}");
        }
        assert_eq!((difference("x", "1"), difference("", "1"), difference("1e3", "1")), (None, None, None));
    }

    #[test]
    fn a_change_is_hedged_as_far_as_both_figures_allow() {
        for (earlier, later, expected) in [
            ("exact", "exact", Some("exact")),
            ("exact", "more_than", Some("more_than")),
            ("exact", "at_most", Some("at_most")),
            ("more_than", "exact", Some("less_than")),
            ("at_most", "exact", Some("at_least")),
            ("at_most", "more_than", Some("more_than")),
            ("at_least", "at_most", Some("at_most")),
            ("more_than", "more_than", None),
            ("at_most", "less_than", None),
            ("exact", "nearly", None),
            ("about", "exact", None),
        ] {
            let found = said(("1", earlier, "A"), ("3", later, "A"));
            let expected = expected.map(|word| ("2".to_owned(), word)).ok_or(Unsaid::Hedged);
            assert_eq!(found, expected, "{earlier} to {later}");
        }
    }

    #[test]
    fn figures_that_count_something_else_have_no_change() {
        for (earlier, later, expected) in
            [("A", "D", false), ("D", "A", false), ("D", "D", true), ("K", "A", false), ("A", "P,W", false), ("P", "E", true)]
        {
            assert_eq!(said(("1", "exact", earlier), ("2", "exact", later)).is_ok(), expected, "{earlier} to {later}");
        }
    }

    #[test]
    fn a_change_of_rounded_figures_is_approximate() {
        let figure = |qualifier, rounded| Figure { value: "1", qualifier, statuses: "A", rounded };
        assert_eq!(change(figure("exact", true), figure("exact", false)).map(|change| change.qualifier), Ok("about"));
        assert_eq!(change(figure("exact", false), figure("more_than", true)), Err(Unsaid::Hedged));
    }
}
