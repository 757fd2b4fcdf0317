//! A client that comes straight to the pod, five seconds after its last time: arrivals that are so sparse look like none, and no
//! change of endpoints sends it elsewhere. It is answered, told 503 or refused, as the pod is; nothing of it is reset.
use super::clients::Clients;
use super::cluster::Namespace;
use super::pods::Pods;
use super::support::runner::repeated;
use super::support::trial::trial;
use libtest_mimic::Trial;
use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;

/// A request of twelve seconds, from inside the pod: for so long the drain lasts. Says when it is sent.
const LONG: &str = "\
import socket
connection = socket.create_connection(('127.0.0.1', 8000))
connection.sendall(b'GET /poll?ms=12000 HTTP/1.1\\r\\nHost: pod\\r\\nConnection: close\\r\\n\\r\\n')
print('sent', flush=True)
print(connection.makefile().read())";

/// The scene.
pub fn trials(needs: &Result<(), String>) -> Vec<Trial> {
    vec![trial(
        "given_a_direct_client_every_five_seconds_then_nothing_of_it_is_reset",
        needs,
        repeated(sparse),
    )]
}

fn sparse() {
    let namespace = Namespace::new();
    let deployment = Pods::under_lameduck("sync").start(&namespace);
    let pod = deployment.pods().remove(0);
    let address = namespace.get(&[&pod])["status"]["podIP"].as_str().unwrap().to_owned();
    let words = [&format!("{address}:8000"), "--rate=0.2", "--kept-alive=0", "--at-most=26s"];
    let clients = Clients::in_a_pod(&namespace, &words);
    let command = ["exec", &pod, "--", "python3", "-c", LONG];
    let mut long = namespace.command(&command).stdout(Stdio::piped()).spawn().unwrap();
    let mut said = BufReader::new(long.stdout.take().unwrap());
    let mut line = String::new();
    said.read_line(&mut line).unwrap();
    assert_eq!(line, "sent\n");
    let clients = clients.begun();
    namespace.kubectl(&["delete", &pod, "--wait=false"]);
    let mut answer = String::new();
    said.read_to_string(&mut answer).unwrap();
    long.wait().unwrap();
    assert!(answer.ends_with("polled\n"), "the long request: {answer}");
    clients.ended().assert_none_lost_at_a_pod("a direct client at 0.2 a second");
}
