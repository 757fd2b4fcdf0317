//! Two hundred pods of one Service that are told to stop in one instant, before a kube-apiserver: what each of them would ask, from
//! one process.
use crate::cluster::{Account, Change, Namespace, SLICES};
use crate::figures::table;
use crate::scene::{endpoint, slice};
use lameduck::kubernetes::{Inquiry, News, Settings, Standing, Trouble, Whoami};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The first argument of the process that asks; the second is the service account's directory.
const ROLE: &str = "ask-as-a-crowd";
/// So many stop.
const PODS: usize = 200;
/// So many endpoints are in one slice (`--max-endpoints-per-slice` of kube-controller-manager).
const PER_SLICE: usize = 100;
const PACE: Duration = Duration::from_millis(1);

/// What became of them.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Told {
    /// When each was told that it is withdrawn, ms after all had begun.
    withdrawn_after: Vec<u64>,
    /// How often one was told to come again (429).
    refused_for_now: usize,
    /// How often one tried again for another reason.
    tried_again: usize,
    /// Those that saw themselves offered first, and so watched.
    watched: usize,
    /// Those that went on without.
    without: usize,
}

/// Measures, and prints the table.
pub fn measure() {
    let namespace = Namespace::new("crowd", &[SLICES]);
    let account = namespace.account(&[]);
    for slice in slices(namespace.name(), false) {
        namespace.apply(&slice);
    }
    let mut stopping = slices(namespace.name(), true);
    stopping.truncate(PODS / PER_SLICE);
    let change = Change::prepare(stopping);
    let before = Lists::now(&namespace);
    let told = asked(&account, change);
    let [lists, refused_lists] = Lists::now(&namespace).since(&before);
    let after = |share: usize| told.withdrawn_after.get(told.withdrawn_after.len() * share / 100);
    let ms = |share| after(share).map_or("-".to_owned(), ToString::to_string);
    let row = |what: &str, figure: String| vec![what.to_owned(), figure];
    let rows = [
        row("told that they are withdrawn", told.withdrawn_after.len().to_string()),
        row("went on without a look", told.without.to_string()),
        row("LISTs, of them answered 429", format!("{lists}, {refused_lists}")),
        row("WATCHes", told.watched.to_string()),
        row(
            "tried again for a 429, for another reason",
            format!("{}, {}", told.refused_for_now, told.tried_again),
        ),
        row("from the stop to being told, ms: median", ms(50)),
        row("... 90 of 100", ms(90)),
        row("... the last", told.withdrawn_after.last().map_or("-".to_owned(), ToString::to_string)),
    ];
    table::print(&[&format!("{PODS} pods stop together"), ""], &rows);
}

/// The slices of the Service: the pods that stop, and as many that take their place.
fn slices(namespace: &str, stopping: bool) -> Vec<Value> {
    let numbers: Vec<usize> = (0..2 * PODS).collect();
    let slices = numbers.chunks(PER_SLICE).enumerate().map(|(index, numbers)| {
        let endpoints = numbers.iter().map(|number| pod(*number, stopping && *number < PODS));
        let mut slice = slice(&format!("web-{index}"), 8000, &endpoints.collect::<Vec<_>>());
        slice["metadata"]["namespace"] = namespace.into();
        slice
    });
    slices.collect()
}

fn pod(number: usize, stopping: bool) -> Value {
    let mut pod = endpoint(0, &format!("10.1.{}.{}", number / 250, number % 250 + 1), !stopping, stopping);
    pod["targetRef"]["name"] = format!("web-{number}").into();
    pod["targetRef"]["uid"] = format!("uid-{number}").into();
    pod
}

/// Has all of them ask, and their endpoints changed at the same time.
fn asked(account: &Account, change: Change) -> Told {
    let mut crowd = Command::new(std::env::current_exe().expect("this program"))
        .arg(ROLE)
        .arg(&account.files)
        .env("KUBERNETES_SERVICE_HOST", &account.host)
        .env("KUBERNETES_SERVICE_PORT", &account.port)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("this program, again");
    let mut stdin = crowd.stdin.take().expect("its standard input");
    let mut lines = BufReader::new(crowd.stdout.take().expect("its standard output")).lines();
    let mut line = || lines.next().expect("a line").expect("a line");
    assert_eq!(line(), "ready");
    stdin.write_all(b"stop\n").expect("it reads");
    change.make();
    let told = serde_json::from_str(&line()).expect("what became of them");
    crowd.wait().expect("our own child");
    told
}

/// In the process that asks: does, and says `true`.
pub fn stopped() -> bool {
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next().is_none_or(|role| role != ROLE) {
        return false;
    }
    let files = PathBuf::from(arguments.next().expect("a directory"));
    let settings = (0..PODS).map(|number| Settings {
        withdrawal: true,
        services: vec!["web".to_owned()],
        own_pod: false,
        events: false,
        service_account: files.clone(),
        whoami: Whoami {
            name: Some(format!("web-{number}")),
            uid: Some(format!("uid-{number}")),
            ..Whoami::default()
        },
    });
    let settings: Vec<Settings> = settings.collect();
    println!("ready");
    std::io::stdin().read_line(&mut String::new()).expect("a line");
    let begin = Instant::now();
    let begun = settings.into_iter().map(|settings| Inquiry::begin(settings, vec![8000]).expect("a thread"));
    let mut asking: Vec<Inquiry> = begun.collect();
    let mut told = Told::default();
    while !asking.is_empty() {
        asking.retain(|inquiry| inquiry.news().all(|news| goes_on(&news, begin, &mut told)));
        std::thread::sleep(PACE);
    }
    println!("{}", serde_json::to_string(&told).expect("figures"));
    true
}

fn goes_on(news: &News, begin: Instant, told: &mut Told) -> bool {
    match news {
        News::Standing(Standing::Withdrawn) => {
            told.withdrawn_after.push(begin.elapsed().as_millis().try_into().unwrap_or(u64::MAX));
            return false;
        }
        News::NoEndpoints(trouble) => {
            eprintln!("without: {trouble}");
            told.without += 1;
            return false;
        }
        News::TryingAgain(Trouble::Overloaded { status: 429, .. }) => told.refused_for_now += 1,
        News::TryingAgain(_) => told.tried_again += 1,
        News::Standing(Standing::Offered(_) | Standing::Alone(_)) => told.watched += 1,
        News::Standing(Standing::NotSelected) | News::Fellows(_) | News::OwnPod(_) | News::NoOwnPod(_) => {}
    }
    true
}

/// LISTs of EndpointSlices that the API server has had, by its own count, and how many of them it refused for now.
#[derive(Debug)]
struct Lists([u64; 2]);

impl Lists {
    fn now(namespace: &Namespace) -> Self {
        let metrics = namespace.kubectl(&["get", "--raw", "/metrics"], None);
        let count = |refused: bool| -> u64 {
            let lists = metrics.lines().filter(|line| {
                line.starts_with("apiserver_request_total{")
                    && line.contains("resource=\"endpointslices\"")
                    && line.contains("verb=\"LIST\"")
                    && (!refused || line.contains("code=\"429\""))
            });
            lists.filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok()).sum()
        };
        Self([count(false), count(true)])
    }

    fn since(&self, before: &Self) -> [u64; 2] {
        std::array::from_fn(|index| self.0[index] - before.0[index])
    }
}
