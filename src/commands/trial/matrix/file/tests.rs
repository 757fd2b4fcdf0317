//! What may stand in the file, and what is said of what may not.
use super::*;

fn complaint(text: &str) -> String {
    File::parse(text).unwrap_err()
}

#[test]
fn given_a_name_and_a_command_then_the_rest_has_defaults() {
    let file = File::parse("[[server]]\nname = 'one'\ncommand = \"serve --port '{port}' 'a b'\"").unwrap();
    let server = &file.servers[0];
    assert_eq!(server.command.0, ["serve", "--port", "{port}", "a b"]);
    assert_eq!((server.path.0.as_str(), server.slow_every.get()), ("/", 25));
    assert_eq!((server.clients(), server.stop_signal), (Clients::Both, Signal::SIGTERM));
    assert!(server.slow_path.is_none() && server.rate.is_none() && server.version.is_none());
}

#[test]
fn given_every_key_then_each_is_read() {
    let text = r#"
about = "Two sentences. Here."
[[server]]
name = "all"
command = ["serve", "a b"]
needs = ["helper"]
directory = "servers"
environment = { WORK_MS = "20" }
path = "/a"
slow_path = "/slow"
slow_every = 10
ready = "/up"
clients = "kept-alive"
rate = "50/s"
stop_signal = "QUIT"
version = "serve --version"
"#;
    let server = &File::parse(text).unwrap().servers[0];
    assert_eq!(server.command.0, ["serve", "a b"]);
    assert_eq!((server.clients(), server.rate), (Clients::KeptAlive, Some(Rate::PerSecond(50.0))));
    assert_eq!((server.stop_signal, server.slow_every.get()), (Signal::SIGQUIT, 10));
    assert_eq!((server.needs[0].as_str(), server.directory.as_path()), ("helper", Path::new("servers")));
    assert_eq!(server.environment["WORK_MS"], "20");
}

#[test]
fn given_what_is_no_toml_or_has_a_wrong_key_then_the_line_is_told() {
    let open = complaint("[[server]]\nname = 'x");
    assert!(open.contains("line 2, column "), "{open}");
    let key = complaint("[[server]]\nname = 'x'\ncomand = 'y'");
    assert!(key.contains("line 3, column ") && key.contains("unknown field `comand`"), "{key}");
    let none = complaint("[[server]]\nname = 'x'");
    assert!(none.contains("line 1, column ") && none.contains("missing field `command`"), "{none}");
}

#[test]
fn given_bad_values_then_the_line_and_what_would_be_right_is_told() {
    let bad = [
        ("stop_signal = 'STOPPED'", "such as TERM, QUIT or 15"),
        ("path = 'no slash'", "a path begins with a slash"),
        ("clients = 'old'", "clients are new, kept-alive or both"),
        ("rate = '-3'", "such as 130/s"),
        ("slow_every = 0", "nonzero"),
        ("version = ''", "this command has no word in it"),
        ("version = \"'open\"", "a quotation in this command does not end"),
        ("version = 3", "a command is a text or a list of texts"),
    ];
    for (line, right) in bad {
        let said = complaint(&format!("[[server]]\nname = 'x'\ncommand = 'y'\n{line}"));
        assert!(said.contains("line 4, column ") && said.contains(right), "{line}: {said}");
    }
}

#[test]
fn given_no_server_or_one_twice_then_it_says_so() {
    assert!(complaint("about = 'nothing'").contains("give a [[server]] with a name and a command"));
    let twice = "[[server]]\nname = 'x'\ncommand = 'y'\n".repeat(2);
    assert_eq!(complaint(&twice), "two servers are called x: give each a name of its own");
}

#[test]
fn given_a_port_and_a_unix_path_then_the_clients_would_not_know_where_to_go() {
    let file =
        File::parse("[[server]]\nname = 'x'\ncommand = 'serve'\nenvironment = { AT = '{socket}' }").unwrap();
    assert!(file.servers[0].mentions(SOCKET) && !file.servers[0].mentions(PORT));
    let said = complaint("[[server]]\nname = 'x'\ncommand = 'serve {port} {socket}'");
    assert_eq!(said, "x: clients come to {port} or to {socket}: use one of them");
}

#[test]
fn given_a_client_program_then_it_needs_a_rate_and_what_is_for_our_own_clients_is_refused() {
    let server = "[[server]]\nname = 'x'\ncommand = 'serve {port}'\nclient = 'ask {port} {rate}'\n";
    let file = File::parse(&format!("{server}rate = '100/s'")).unwrap();
    assert_eq!(file.servers[0].clients(), Clients::New);
    for rate in ["", "rate = 'auto'"] {
        assert!(complaint(&format!("{server}{rate}")).contains("x: what a server can do"));
    }
    for ours in ["clients = 'new'", "slow_path = '/slow'", "ready = '/up'"] {
        let said = complaint(&format!("{server}rate = '100/s'\n{ours}"));
        assert_eq!(said, "x: clients, slow_path and ready are not for a client program: leave them out");
    }
}
