//! The gate on real kernel sockets: formed, closed, undone, plugged and refused.
//!
//! What needs a privilege that this machine does not give is shown as ignored, with the reason.
mod apart;
mod cookies;
mod fast_open;
mod forming;
mod groups;
mod kinds;
mod mptcp;
mod passages;
#[path = "../support/passing.rs"]
mod passing;
mod refusals;
mod scene;
mod users;

#[path = "../faults/mod.rs"]
mod faults;

use libtest_mimic::{Arguments, Trial, run};
use std::process::ExitCode;

fn main() -> ExitCode {
    if let Some(code) = apart::in_a_network_of_its_own() {
        return code;
    }
    macro_rules! trials {
        ($($room:ident::$name:ident),* $(,)?) => {
            vec![$(Trial::test(concat!(stringify!($room), "::", stringify!($name)), || {
                $room::$name();
                Ok(())
            })),*]
        };
    }
    let mut trials = trials![
        kinds::a_formed_group_sends_everyone_to_the_server_and_a_closed_gate_to_ours,
        kinds::an_undone_group_leaves_the_server_as_it_was,
        kinds::a_plug_lets_nobody_in_and_those_who_knocked_are_refused_when_all_is_closed,
        kinds::a_plug_lets_nobody_in_when_the_server_has_shut_its_listeners_down,
        kinds::a_plug_is_set_though_clients_keep_coming_and_the_server_has_shut_its_listener_down,
        kinds::a_listener_without_so_reuseaddr_and_with_connections_cannot_be_gated_and_is_left_alone,
        forming::who_connects_while_a_group_forms_is_the_servers,
        forming::who_connects_while_a_group_is_joined_is_the_servers,
        groups::a_joined_group_of_any_size_stays_diverted_while_its_members_leave,
        groups::a_joined_group_sends_everyone_to_the_server_until_the_gate_closes,
        groups::a_server_without_a_group_cannot_be_joined,
        groups::a_joined_group_closes_with_a_plug,
        passages::a_connection_of_ours_passes_a_gate_that_diverts_or_turns_away_and_nobody_else_does,
        passages::a_stranger_of_our_class_is_diverted_like_everybody,
        refusals::a_group_that_is_refused_at_any_step_says_which_and_leaves_the_server_as_it_was,
        refusals::where_programs_are_refused_nobody_who_connects_meanwhile_is_lost,
        refusals::where_filters_are_refused_there_is_a_gate_all_the_same,
        refusals::a_gate_that_cannot_be_closed_stays_open,
    ];
    trials.push(Trial::ignorable_test("mptcp::an_mptcp_listener_is_found_seen_and_gated", || {
        Ok(mptcp::trial())
    }));
    trials.push(Trial::ignorable_test("users::a_listener_of_another_user_is_gated", || Ok(users::trial())));
    trials.extend(apart::trials());
    run(&Arguments::from_args(), trials).exit_code()
}
