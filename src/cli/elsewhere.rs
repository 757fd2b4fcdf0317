//! lameduck's options in another place than this process: those of a container in a manifest, from its command, its annotations and its
//! variables, read as that lameduck would read them.
use super::{Cli, DrainArgs, KubernetesArgs, LateArrivalArgs, ParkArgs, SocketArgs, Verb, whole};
use clap::builder::Resettable;
use clap::parser::ValueSource;
use clap::{ArgMatches, Command, FromArgMatches};
use std::ffi::OsString;
use std::time::Duration;

/// What a lameduck in another place is told, in the order in which it counts.
#[derive(Debug, Clone, Default)]
pub struct Said {
    /// The words behind `lameduck VERB`.
    pub words: Vec<String>,
    /// Annotations that it reads, without their prefix: option and value.
    pub annotations: Vec<(String, String)>,
    /// Variables and their values.
    pub variables: Vec<(String, String)>,
}

/// Its options.
#[derive(Debug, Clone)]
pub struct Elsewhere {
    /// The limits of the drain.
    pub drain: DrainArgs,
    /// How long after the forward the server is killed; `None`: as the reserve, or by somebody else.
    pub kill_after: Option<Duration>,
    /// Which sockets, and how new connections are kept away from them.
    pub sockets: SocketArgs,
    /// Whether new requests on open connections are kept away.
    pub park: ParkArgs,
    /// What becomes of whoever comes too late.
    pub late_arrivals: LateArrivalArgs,
    /// What is asked of the API server.
    pub kubernetes: KubernetesArgs,
    /// The server's command and its arguments; none of a hook's.
    pub server: Vec<OsString>,
}

impl Elsewhere {
    /// Reads them. `otherwise`: what counts where nothing else is said, as option and value.
    ///
    /// # Errors
    /// As that lameduck would say it.
    pub fn read(verb: &str, said: &Said, otherwise: &[(String, OsString)]) -> Result<Self, String> {
        let all = nothing_from_this_environment();
        let mut words = vec![OsString::from("lameduck"), verb.into()];
        words.extend(said.words.iter().map(OsString::from));
        let refused = |error: clap::Error| {
            let text = error.render().to_string();
            text.strip_prefix("error: ").unwrap_or(&text).lines().next().unwrap_or_default().to_owned()
        };
        // What its words lack may come from elsewhere: what is wrong is told when all is there.
        let given = all.clone().ignore_errors(true).try_get_matches_from(&words).map_err(refused)?;
        let given = given.subcommand_matches(verb);
        let mut more = Vec::new();
        for argument in all.find_subcommand(verb).into_iter().flat_map(Command::get_arguments) {
            let (id, Some(option)) = (argument.get_id().as_str(), argument.get_long()) else { continue };
            let is_said = given.is_some_and(|given| source(given, id) == Some(ValueSource::CommandLine));
            if is_said || !argument.get_action().takes_values() {
                continue;
            }
            let named = |pairs: &[(String, String)], name: &str| {
                pairs.iter().rev().find(|(known, _)| known == name).map(|(_, value)| OsString::from(value))
            };
            let variable = format!("LAMEDUCK_{}", option.to_uppercase().replace('-', "_"));
            let value = named(&said.annotations, option).or_else(|| named(&said.variables, &variable));
            let other =
                || otherwise.iter().find(|(known, _)| known == option).map(|(_, value)| value.clone());
            if let Some(value) = value.or_else(other) {
                let mut word = OsString::from(format!("--{option}="));
                word.push(value);
                more.push(word);
            }
        }
        words.splice(2..2, more);
        let matches = all.try_get_matches_from(words).map_err(refused)?;
        let cli = Cli::from_arg_matches(&matches).map_err(refused)?;
        Self::of(cli.verb).ok_or_else(|| format!("lameduck {verb} drains nobody"))
    }

    fn of(verb: Verb) -> Option<Self> {
        let (hook, server) = match verb {
            Verb::Run(run) => {
                return Some(Self {
                    drain: run.drain,
                    kill_after: run.kill_after,
                    sockets: run.sockets,
                    park: run.park,
                    late_arrivals: run.late_arrivals,
                    kubernetes: run.kubernetes,
                    server: run.command,
                });
            }
            Verb::Wait(wait) => (wait.hook, Vec::new()),
            Verb::Sidecar(sidecar) => (sidecar.hook, Vec::new()),
            _ => return None,
        };
        Some(Self {
            drain: hook.drain,
            kill_after: None,
            sockets: hook.sockets,
            park: hook.park,
            late_arrivals: hook.late_arrivals,
            kubernetes: hook.kubernetes,
            server,
        })
    }
}

/// The options that this process was given on its own command line or by its own variables, with their values.
#[must_use]
pub fn said_here() -> Vec<(String, OsString)> {
    let all = whole();
    let Ok(matches) = all.clone().try_get_matches_from(std::env::args_os()) else { return Vec::new() };
    let Some((verb, given)) = matches.subcommand() else { return Vec::new() };
    let arguments = all.find_subcommand(verb).into_iter().flat_map(Command::get_arguments);
    let mut said = Vec::new();
    for argument in arguments.filter(|argument| argument.get_action().takes_values()) {
        let (id, Some(option)) = (argument.get_id().as_str(), argument.get_long()) else { continue };
        if matches!(source(given, id), Some(ValueSource::CommandLine | ValueSource::EnvVariable)) {
            let values: Vec<OsString> =
                given.get_raw(id).into_iter().flatten().map(ToOwned::to_owned).collect();
            said.push((option.to_owned(), values.join(&OsString::from(","))));
        }
    }
    said
}

fn source(given: &ArgMatches, id: &str) -> Option<ValueSource> {
    given.try_contains_id(id).ok()?;
    given.value_source(id)
}

fn nothing_from_this_environment() -> Command {
    whole().mut_subcommands(|verb| verb.mut_args(|argument| argument.env(Resettable::Reset)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Arg;

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn the_command_counts_before_annotations_those_before_variables_and_those_before_what_is_said_here() {
        let said = Said {
            words: ["--timeout=1s", "--", "gunicorn", "--timeout=9"].map(str::to_owned).into(),
            annotations: pairs(&[("timeout", "2s"), ("reserve", "2s")]),
            variables: pairs(&[("LAMEDUCK_RESERVE", "3s"), ("LAMEDUCK_SETTLE", "3s"), ("PATH", "/bin")]),
        };
        let here = [("settle".to_owned(), OsString::from("4s")), ("deadline".to_owned(), "4s".into())];
        let read = Elsewhere::read("run", &said, &here).unwrap();
        let secs = Duration::from_secs;
        assert_eq!((read.drain.timeout, read.drain.reserve), (secs(1), secs(2)));
        assert_eq!((read.drain.settle, read.drain.deadline), (secs(3), Some(secs(4))));
        assert_eq!(read.server, ["gunicorn", "--timeout=9"]);
    }

    #[test]
    fn what_it_would_refuse_is_told_in_its_words() {
        let said = Said { variables: pairs(&[("LAMEDUCK_TIMEOUT", "soon")]), ..Said::default() };
        let error = Elsewhere::read("wait", &said, &[]).unwrap_err();
        assert!(error.starts_with("invalid value 'soon' for '--timeout"), "{error}");
        let error = Elsewhere::read("run", &Said::default(), &[]).unwrap_err();
        assert!(error.contains("required arguments"), "{error}");
    }

    #[test]
    fn the_variable_of_an_option_is_named_after_it() {
        let all = whole();
        let of = |verb: &str| all.find_subcommand(verb).unwrap().get_arguments();
        for argument in
            ["run", "wait", "sidecar"].into_iter().flat_map(of).filter(|known| !known.is_hide_set())
        {
            let named = |option: &str| format!("LAMEDUCK_{}", option.to_uppercase().replace('-', "_"));
            let variable = Arg::get_env(argument).map(|name| name.to_string_lossy().into_owned());
            if let (Some(option), Some(variable)) = (argument.get_long(), variable) {
                assert_eq!(variable, named(option));
            }
        }
    }
}
