//! Which options were annotated: whoever complains about one says where its value is from.
use super::file::PREFIX;
use std::path::PathBuf;

/// Options that were annotated, and where.
#[derive(Debug, Default)]
pub struct Taken {
    pub(super) file: PathBuf,
    pub(super) options: Vec<String>,
}

impl Taken {
    /// Those of them that a complaint is about, with where they are from, one a line.
    #[must_use]
    pub fn origins(&self, complaint: &str) -> String {
        let is_named = |option: &&String| {
            let option = format!("--{option}");
            complaint.match_indices(&option).any(|(at, _)| {
                let next = complaint[at + option.len()..].chars().next();
                !next.is_some_and(|next| next.is_ascii_lowercase() || next == '-')
            })
        };
        let named = self.options.iter().filter(is_named);
        named
            .filter_map(|option| Some(format!("\n--{option} is by the annotation {}", self.origin(option)?)))
            .collect()
    }

    /// The annotation that has set this option.
    #[must_use]
    pub fn origin(&self, option: &str) -> Option<String> {
        let is_taken = self.options.iter().any(|taken| taken == option);
        is_taken.then(|| format!("{PREFIX}{option} in {}", self.file.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_complaint_tells_the_annotations_that_it_is_about_and_no_others() {
        let options = ["port", "http", "timeout"].map(str::to_owned).to_vec();
        let taken = Taken { file: "/annotations".into(), options };
        assert_eq!(
            taken.origins("--http [::]:9180, --timeout-of-another and --port 9180 are one port"),
            "\n--port is by the annotation lameduck.dev/port in /annotations\
             \n--http is by the annotation lameduck.dev/http in /annotations"
        );
        assert_eq!(taken.origins("cannot receive signals"), "");
    }
}
