//! Every reader of bytes from outside, each with what must hold of whatever it reads: a function that takes any bytes, and
//! panics when it does not. There for tests and for fuzzing alone: `fuzz/` has a target for each of them, and `tests` runs the
//! same over the corpus and over bytes by chance, where there is no fuzzer.
//!
//! The functions themselves stand in the rooms whose readers they are about, in files of this name.
use crate::{capture, cli, late_arrivals, park, sockets};

#[cfg(test)]
mod tests;

#[cfg(feature = "manifests")]
pub use crate::commands::doctor::manifests::readers::doctor_manifests;
#[cfg(feature = "trial")]
pub use crate::commands::trial::matrix::readers::matrix;
#[cfg(feature = "inject")]
pub use crate::inject::readers::manifests;
#[cfg(feature = "manifests")]
pub use crate::kubernetes::kubectl::readers::kubectl_complaint;
#[cfg(feature = "kubernetes")]
pub use crate::kubernetes::readers::{endpoint_slices, own_pod, service_account_token};
#[cfg(feature = "trial")]
pub use crate::load::readers::{client_lines, load_response};
pub use capture::readers::{announced_call, fdinfo};
pub use cli::readers::{annotations, command_line, values};
pub use late_arrivals::readers::{body, fastcgi, http2, opening, response, rewrite};
pub use park::readers::first_bytes;
pub use sockets::diag::readers::{sock_diag, unix_diag};
pub use sockets::readers::{nftables_answer, proc_net, proc_processes, tcp_info};

/// A reader, by the name of its target.
pub type Reader = (&'static str, fn(&[u8]));

/// All of them.
pub const ALL: &[Reader] = &[
    ("annotations", annotations),
    ("announced_call", announced_call),
    ("body", body),
    #[cfg(feature = "trial")]
    ("client_lines", client_lines),
    ("command_line", command_line),
    #[cfg(feature = "manifests")]
    ("doctor_manifests", doctor_manifests),
    #[cfg(feature = "kubernetes")]
    ("endpoint_slices", endpoint_slices),
    ("fastcgi", fastcgi),
    ("fdinfo", fdinfo),
    ("first_bytes", first_bytes),
    ("http2", http2),
    #[cfg(feature = "manifests")]
    ("kubectl_complaint", kubectl_complaint),
    #[cfg(feature = "trial")]
    ("load_response", load_response),
    #[cfg(feature = "inject")]
    ("manifests", manifests),
    #[cfg(feature = "trial")]
    ("matrix", matrix),
    ("nftables_answer", nftables_answer),
    ("opening", opening),
    #[cfg(feature = "kubernetes")]
    ("own_pod", own_pod),
    ("proc_net", proc_net),
    ("proc_processes", proc_processes),
    ("response", response),
    ("rewrite", rewrite),
    #[cfg(feature = "kubernetes")]
    ("service_account_token", service_account_token),
    ("sock_diag", sock_diag),
    ("tcp_info", tcp_info),
    ("unix_diag", unix_diag),
    ("values", values),
];

/// The first byte, which chooses, and the others.
pub(crate) fn choice(bytes: &[u8]) -> (u8, &[u8]) {
    bytes.split_first().map_or((0, bytes), |(choice, rest)| (*choice, rest))
}

/// The same bytes as they might come: in pieces of up to 16 bytes, or of up to 4 KiB.
pub(crate) fn pieces(choice: u8, bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let size = usize::from(choice & 0x0f) + 1;
    bytes.chunks(if choice < 0x80 { size } else { size * 256 })
}
