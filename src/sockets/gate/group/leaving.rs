//! Leaving the group as if we had not been there.
use super::super::place::deafen;
use super::super::program::Routes;
use super::Group;
use super::marks::unmark;
use crate::sockets::sys::detach_reuseport_program;
use rustix::net::{SocketFlags, accept_with};
use std::os::fd::OwnedFd;

impl Group {
    /// Opens the gate and leaves the group as if we had not been there. Gives the late arrivals still queued.
    #[must_use]
    pub fn undo(mut self) -> Vec<OwnedFd> {
        let _ = self.attach(Routes::to(self.to_server()));
        self.early_plug = None;
        let mut strays = Vec::new();
        for socket in self.sockets() {
            while let Ok(stray) = accept_with(&**socket, SocketFlags::CLOEXEC | SocketFlags::NONBLOCK) {
                strays.push(stray);
            }
        }
        self.detach();
        strays
    }

    /// Our socket closes first: it is the last member, and leaves the server's numbers as they are. Where we hold none of
    /// the server's, only ours can take the program away, and is deaf from then on: whoever the kernel sends to it until it closes
    /// comes to the server a second later.
    fn detach(self) {
        let Self { server, ours, spares, marked, .. } = self;
        if let Some(socket) = server.first() {
            drop((ours, spares));
            let _ = detach_reuseport_program(socket);
        } else {
            // Where that is refused, who completes a handshake meanwhile is reset.
            let _ = spares.iter().chain([&ours]).try_for_each(deafen);
            let _ = detach_reuseport_program(&*ours);
            drop((spares, ours));
        }
        unmark(&marked);
    }
}
