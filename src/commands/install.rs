//! `lameduck install`: the running program, copied into a directory, whole or not at all.
use crate::cli::InstallArgs;
use crate::telemetry::say;
use rustix::fs::{FlockOperation, Mode, OFlags, flock};
use rustix::io::Errno;
use std::fs::{self, File, Permissions};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::process::ExitCode;

/// The copy's name.
const NAME: &str = "lameduck";
/// Its name until it is whole. Always the same: what a killed one has left is taken over by the next.
const UNFINISHED: &str = ".lameduck.unfinished";
/// Readable and executable by all: the server's user may be any.
const MODE: u32 = 0o755;

/// Runs the verb.
///
/// # Errors
/// When the program cannot be put there, and why.
pub fn main(args: &InstallArgs) -> Result<ExitCode, String> {
    let directory = &args.directory;
    let is_directory = fs::metadata(directory).map_err(|error| {
        let there = if error.kind() == io::ErrorKind::NotFound { ": mount a volume there" } else { "" };
        format!("cannot install into {}: {error}{there}", directory.display())
    })?;
    if !is_directory.is_dir() {
        return Err(format!("cannot install into {}: it is no directory", directory.display()));
    }
    // The very file that runs, whatever its path means by now (proc_pid_exe(5)).
    let mut program =
        File::open("/proc/self/exe").map_err(|error| format!("cannot read /proc/self/exe: {error}"))?;
    let target = directory.join(NAME);
    if is_there(&mut program, &target) {
        say(format_args!("{} is there already", target.display()));
        return Ok(ExitCode::SUCCESS);
    }
    let size = copy(&mut program, directory).map_err(|error| trouble(directory, &program, &error))?;
    say(format_args!("{} installed, {:.1} MiB", target.display(), mib(size)));
    Ok(ExitCode::SUCCESS)
}

/// Whether the same program is there, and anybody can run it.
fn is_there(program: &mut File, target: &Path) -> bool {
    let Ok(metadata) = fs::symlink_metadata(target) else { return false };
    metadata.is_file() && metadata.mode() & 0o7777 == MODE && same(program, target).unwrap_or(false)
}

fn same(program: &mut File, target: &Path) -> io::Result<bool> {
    let mut other = File::open(target)?;
    if program.metadata()?.len() != other.metadata()?.len() {
        return Ok(false);
    }
    let (mut ours, mut theirs) = (vec![0; 1 << 16], vec![0; 1 << 16]);
    program.rewind()?;
    loop {
        let read = program.read(&mut ours)?;
        if read == 0 {
            return Ok(true);
        }
        // One that changes meanwhile is another.
        match other.read_exact(&mut theirs[..read]) {
            Ok(()) if ours[..read] == theirs[..read] => {}
            _ => return Ok(false),
        }
    }
}

/// Copies it, and gives it its name when every byte of it is on the disk.
fn copy(program: &mut File, directory: &Path) -> io::Result<u64> {
    let unfinished = directory.join(UNFINISHED);
    let mut file = alone(&unfinished)?;
    let finished = (|| {
        program.rewind()?;
        file.set_len(0)?;
        let size = io::copy(program, &mut file)?;
        file.flush()?;
        file.set_permissions(Permissions::from_mode(MODE))?;
        file.sync_all()?;
        fs::rename(&unfinished, directory.join(NAME))?;
        // The name, too. Not every file system can; the copy is there all the same.
        let _ = File::open(directory).and_then(|directory| directory.sync_all());
        Ok(size)
    })();
    if finished.is_err() {
        let _ = fs::remove_file(&unfinished);
    }
    finished
}

/// The unfinished file, locked: whoever else installs here waits until it has its name, and then finds another file there.
fn alone(unfinished: &Path) -> io::Result<File> {
    loop {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = File::from(rustix::fs::open(unfinished, flags, Mode::from_raw_mode(0o600))?);
        flock(&file, FlockOperation::LockExclusive)?;
        let (ours, named) = (file.metadata()?, fs::symlink_metadata(unfinished));
        if named.is_ok_and(|named| (named.dev(), named.ino()) == (ours.dev(), ours.ino())) {
            return Ok(file);
        }
    }
}

fn trouble(directory: &Path, program: &File, error: &io::Error) -> String {
    let what = match error.raw_os_error().map(Errno::from_raw_os_error) {
        Some(Errno::NOSPC | Errno::DQUOT) => {
            let needed = program.metadata().map_or(0, |metadata| metadata.len());
            format!("the volume is full: {:.1} MiB are needed", mib(needed))
        }
        Some(Errno::ROFS) => {
            "it is read-only: mount it writable for lameduck, and readOnly for the server only".to_owned()
        }
        Some(Errno::ACCESS | Errno::PERM) => {
            format!(
                "user {} may not write there: set fsGroup, or another user",
                rustix::process::geteuid().as_raw()
            )
        }
        Some(Errno::ISDIR) => format!("{NAME} is a directory there: take it away"),
        _ => error.to_string(),
    };
    format!("cannot install into {}: {what}", directory.display())
}

#[expect(clippy::cast_precision_loss, reason = "a program is smaller than 2^52 bytes")]
fn mib(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}
