//! Hooks that only sleep: how long they hold the stop signal back, whether anybody comes or not.
use super::tree::Node;
use std::time::Duration;

/// How long a hook sleeps that does nothing else; `None`: it does something else. No time is told by what `sleep` itself would not take.
pub fn sleeps(hook: &Node) -> Option<Duration> {
    if let Some(sleep) = hook.get("sleep").filter(|sleep| !sleep.is_null()) {
        return Some(sleep.get("seconds").and_then(Node::text).and_then(duration).unwrap_or_default());
    }
    let words = hook.get("exec").and_then(|exec| exec.get("command")).map(Node::items).unwrap_or_default();
    let words: Vec<&str> = words.iter().filter_map(Node::text).collect();
    let (words, is_script) = match words[..] {
        [shell, "-c", script, ..] if SHELLS.contains(&base(shell)) => {
            (script.split_whitespace().collect(), true)
        }
        _ => (words, false),
    };
    let (program, times) = words.split_first()?;
    // In a script anything else may be another command.
    let plain = |word: &&str| word.chars().all(|c| c.is_ascii_alphanumeric() || c == '.');
    (base(program) == "sleep" && (!is_script || times.iter().all(plain)))
        .then(|| times.iter().filter_map(|time| duration(time)).sum())
}

/// Shells that images have.
pub const SHELLS: [&str; 4] = ["sh", "bash", "ash", "dash"];

/// The last part of a program's path.
pub fn base(program: &str) -> &str {
    program.rsplit('/').next().unwrap_or(program)
}

/// As sleep(1) reads it: a number, and a unit of s, m, h or d.
fn duration(text: &str) -> Option<Duration> {
    let number = text.trim_end_matches(['s', 'm', 'h', 'd']);
    let unit = match &text[number.len()..] {
        "" | "s" => 1.0,
        "m" => 60.0,
        "h" => 3_600.0,
        "d" => 86_400.0,
        _ => return None,
    };
    Duration::try_from_secs_f64(number.parse::<f64>().ok()? * unit).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inject::tree;

    fn slept(hook: &str) -> Option<Duration> {
        sleeps(&tree::documents(hook, 0, 0).unwrap()[0])
    }

    #[test]
    fn a_hook_that_only_sleeps_is_known_with_its_time() {
        let seconds = |seconds| Some(Duration::from_secs(seconds));
        assert_eq!(slept("{sleep: {seconds: 15}}"), seconds(15));
        assert_eq!(slept("{exec: {command: [/bin/sleep, '15']}}"), seconds(15));
        assert_eq!(slept("{exec: {command: [sh, -c, 'sleep 1m 5s']}}"), seconds(65));
        assert_eq!(slept("{exec: {command: [/bin/bash, -c, /bin/sleep 0.5h]}}"), seconds(1_800));
    }

    #[test]
    fn one_that_does_anything_else_is_not() {
        for command in
            ["[sh, -c, 'sleep 5; nginx -s quit']", "[nginx, -s, quit]", "[sh, -c, 'sleep $N']", "[]"]
        {
            assert_eq!(slept(&format!("{{exec: {{command: {command}}}}}")), None, "{command}");
        }
        assert_eq!(slept("{httpGet: {path: /drain, port: 9180}}"), None);
    }
}
