//! Readers of option values. Each error says what was wrong and what would be right.
use std::time::Duration;

/// Reads a duration: a number with a unit (`500ms`, `25s`, `2m`, `1m 30s`), or a bare number of seconds.
///
/// # Errors
/// When the text is neither, with examples of what is.
pub fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || "a duration is a number with a unit, such as 500ms, 25s or 2m".to_owned();
    if let Ok(seconds) = text.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).map_err(|_| wrong());
    }
    humantime::parse_duration(text).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_numbers_with_a_unit_or_seconds() {
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("2m"), Ok(Duration::from_mins(2)));
        assert_eq!(duration("30"), Ok(Duration::from_secs(30)));
        assert_eq!(duration("1.5"), Ok(Duration::from_millis(1500)));
    }

    #[test]
    fn anything_else_is_refused_with_an_example() {
        for text in ["-3", "", "soon", "12 parsecs", "NaN", "inf", "1e300", "-1s"] {
            assert!(duration(text).unwrap_err().contains("500ms"), "{text}");
        }
    }
}
