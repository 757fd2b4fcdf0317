//! The behaviours, in the order of the table.
use super::inits::Need;
use super::scene::{Place, Scene};
use super::{Verdict, family, forwarding, given, orphans, parent, status, terminal};

/// What an init is asked about.
pub struct Behaviour {
    /// The test's name.
    pub name: &'static str,
    /// What the init does, for the table.
    pub what: &'static str,
    /// Where it is asked.
    pub places: &'static [Place],
    /// What it needs to be told for it.
    pub needs: Need,
    /// Asks it.
    pub asked: fn(&Scene) -> Verdict,
}

const BESIDE: &[Place] = &[Place::Beside];
const EVERYWHERE: &[Place] = &[Place::Beside, Place::First, Place::FirstOfUser];

const fn of(
    name: &'static str,
    what: &'static str,
    places: &'static [Place],
    needs: Need,
    asked: fn(&Scene) -> Verdict,
) -> Behaviour {
    Behaviour { name, what, places, needs, asked }
}

/// All of them.
pub const ALL: &[Behaviour] = &[
    of(
        "every_exit_status",
        "each exit status from 0 to 255 is its own",
        EVERYWHERE,
        Need::Nothing,
        status::every_status,
    ),
    of("every_death", "of a death by signal n it makes 128 + n", BESIDE, Need::Nothing, status::every_death),
    of(
        "children_ignored",
        "started with CHLD ignored, it has the status all the same",
        BESIDE,
        Need::Nothing,
        status::with_children_ignored,
    ),
    of(
        "told_as_another",
        "of 143 it makes 0, where told to",
        BESIDE,
        Need::ExitCode,
        status::told_as_another,
    ),
    of(
        "every_signal",
        "each signal that can be forwarded arrives as it is: TTIN, TTOU, TSTP, CONT and the real-time ones, too",
        EVERYWHERE,
        Need::Nothing,
        forwarding::every_signal,
    ),
    of(
        "a_deaf_child",
        "it outlives every signal that its child ignores, and has the status in the end",
        EVERYWHERE,
        Need::Nothing,
        forwarding::to_a_deaf_child,
    ),
    of(
        "a_child_that_ends",
        "a child that ends while a signal is on its way has its own status",
        EVERYWHERE,
        Need::Nothing,
        forwarding::to_a_child_that_ends,
    ),
    of("to_child", "signals are for the child alone", BESIDE, Need::ToChild, family::to_child),
    of(
        "to_group",
        "signals are for its process group, where told to",
        BESIDE,
        Need::ToGroup,
        family::to_group,
    ),
    of(
        "parent_death",
        "the end of its own parent is a TERM to the child, where told to",
        BESIDE,
        Need::ParentDeath,
        parent::its_end_is_a_term,
    ),
    of(
        "orphans",
        "orphans are adopted and reaped, 500 at once: 10,000, of a user 1,000",
        EVERYWHERE,
        Need::Orphans,
        orphans::in_bursts,
    ),
    of("double_forks", "so are daemons, by two forks", EVERYWHERE, Need::Orphans, orphans::of_double_forks),
    of(
        "surroundings",
        "environment, directory, umask, limits, niceness and groups are as given",
        BESIDE,
        Need::Nothing,
        given::surroundings,
    ),
    of(
        "signals_given",
        "signals that were ignored or blocked are as given, and no others",
        BESIDE,
        Need::Nothing,
        given::signals,
    ),
    of("descriptors", "descriptors are as given, and none leaks", BESIDE, Need::Nothing, given::descriptors),
    of(
        "closed_streams",
        "with its standard streams closed it works, and nothing of its own takes their place",
        BESIDE,
        Need::Nothing,
        given::closed_standard_streams,
    ),
    of("script", "a script runs", BESIDE, Need::Nothing, given::script),
    of(
        "script_without_shebang",
        "a script without a #! line is run by the shell, as by execvp(3)",
        BESIDE,
        Need::Nothing,
        given::script_without_shebang,
    ),
    of(
        "missing_interpreter",
        "of a script whose interpreter is missing it is said which",
        BESIDE,
        Need::Nothing,
        given::missing_interpreter,
    ),
    of(
        "no_program",
        "a program that is not there is 127, one that cannot be executed 126",
        BESIDE,
        Need::Nothing,
        given::no_program,
    ),
    of(
        "ctrl_c",
        "at a shell's terminal the child is in the foreground, and Ctrl-C ends it",
        BESIDE,
        Need::Nothing,
        terminal::ctrl_c,
    ),
    of("ctrl_z", "Ctrl-Z stops both, and fg continues both", BESIDE, Need::Nothing, terminal::ctrl_z_and_fg),
    of(
        "background",
        "started in the background it leaves the terminal to the shell",
        BESIDE,
        Need::Nothing,
        terminal::in_the_background,
    ),
    of(
        "interactive_container",
        "as the leader of a terminal's session (`docker run -it`): foreground, Ctrl-C",
        BESIDE,
        Need::Nothing,
        terminal::in_a_container,
    ),
    of(
        "window_size",
        "... the window's new size is told once, and seen",
        BESIDE,
        Need::Nothing,
        terminal::another_size,
    ),
];
