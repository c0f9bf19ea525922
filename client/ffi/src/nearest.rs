//! Finds the name that was meant by one that does not exist.

/// What `given` was meant to be among `known`, as the end of a sentence; empty when nothing is near.
pub(crate) fn hint<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let simple = |name: &str| name.replace('_', "").to_ascii_lowercase();
    let given = simple(given);
    let likeness = |name: &str| strsim::jaro_winkler(&given, &simple(name));
    let nearest = known
        .into_iter()
        .map(|name| (likeness(name), name))
        .max_by(|(left, _), (right, _)| left.total_cmp(right));
    match nearest {
        Some((likeness, name)) if likeness > 0.7 => format!("; the nearest is `{name}`"),
        _ => String::new(),
    }
}

/// A name that was given, as it can be told: it may be anything.
pub(crate) fn shown(given: &str) -> String {
    let mut shown: String = given.chars().take(40).flat_map(char::escape_default).collect();
    if given.chars().nth(40).is_some() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_is_named_unless_nothing_is_near() {
        let known = ["Create", "Confirm", "RegisterExisting", "SetPassword"];
        assert_eq!(hint("setpasswort", known), "; the nearest is `SetPassword`");
        assert_eq!(hint("register_existing", known), "; the nearest is `RegisterExisting`");
        assert_eq!(hint("xyz", known), "");
        assert_eq!(hint("", known), "");
    }

    #[test]
    fn a_name_is_shown_within_a_bound() {
        assert_eq!(shown("a\nb"), "a\\nb");
        assert_eq!(shown(&"x".repeat(41)), format!("{}…", "x".repeat(40)));
    }
}
