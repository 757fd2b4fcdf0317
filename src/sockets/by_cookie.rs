//! Something remembered of each connection, by its cookie: compact, because there may be ten thousand.
//!
//! A look shows the same connections as the one before, but for a few. So they stand in the
//! order of their cookies, and those that are new wait beside until the look has ended. A hash table would take half as
//! much again for its room.

use std::ops::{Index, IndexMut};

/// A connection is remembered for so many looks in a row that do not show it: a dump of the kernel's table goes on where it
/// left off, and passes over a row when others in its bucket have gone meanwhile (`inet_diag_dump_icsk()`).
const GRACE: u32 = 2;

/// Whether one that was shown last at this look is still remembered at the end of that one.
#[must_use]
pub fn is_remembered(shown: u32, look: u32) -> bool {
    look.wrapping_sub(shown) <= GRACE
}

/// What is remembered, by cookie.
#[derive(Debug)]
pub struct ByCookie<T> {
    /// In the order of their cookies.
    known: Vec<(u64, T)>,
    /// Of the present look.
    new: Vec<(u64, T)>,
}

/// Where something is remembered, until the look ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place(usize);

impl<T> Default for ByCookie<T> {
    fn default() -> Self {
        Self { known: Vec::new(), new: Vec::new() }
    }
}

impl<T> ByCookie<T> {
    /// Where this connection is remembered; where it is new, with what `make` gives, which is remembered from now on. One
    /// that is shown twice in its first look is new twice; the second stays.
    pub fn place(&mut self, cookie: u64, make: impl FnOnce() -> T) -> Place {
        if let Ok(place) = self.known.binary_search_by_key(&cookie, |(cookie, _)| *cookie) {
            return Place(place);
        }
        if self.new.last().is_none_or(|(last, _)| *last != cookie) {
            self.new.push((cookie, make()));
        }
        Place(self.known.len() + self.new.len() - 1)
    }

    /// Ends a look: forgets those that are not to be kept, and takes the new ones in.
    pub fn end_look(&mut self, mut keep: impl FnMut(&T) -> bool) {
        self.known.retain(|(_, remembered)| keep(remembered));
        if !self.new.is_empty() {
            self.known.reserve_exact(self.new.len());
            self.known.append(&mut self.new);
            // Stable: of one that is there twice the second is the later.
            self.known.sort_by_key(|(cookie, _)| *cookie);
            self.known.dedup_by(|later, earlier| {
                let is_same = later.0 == earlier.0;
                if is_same {
                    std::mem::swap(later, earlier);
                }
                is_same
            });
            self.new = Vec::new();
        }
        if self.known.capacity() > 2 * self.known.len() {
            self.known.shrink_to_fit();
        }
    }

    /// All that is remembered.
    pub fn values(&self) -> impl Iterator<Item = &T> {
        self.known.iter().chain(&self.new).map(|(_, remembered)| remembered)
    }

    /// All that is remembered, which is forgotten.
    pub fn take(&mut self) -> impl Iterator<Item = T> + use<T> {
        let Self { known, new } = std::mem::take(self);
        known.into_iter().chain(new).map(|(_, remembered)| remembered)
    }
}

impl<T> Index<Place> for ByCookie<T> {
    type Output = T;

    fn index(&self, Place(place): Place) -> &T {
        &self.known.get(place).unwrap_or_else(|| &self.new[place - self.known.len()]).1
    }
}

impl<T> IndexMut<Place> for ByCookie<T> {
    fn index_mut(&mut self, Place(place): Place) -> &mut T {
        let known = self.known.len();
        if place < known { &mut self.known[place].1 } else { &mut self.new[place - known].1 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashMap;

    proptest! {
        /// As a hash table would.
        #[test]
        fn each_look_finds_what_the_ones_before_left(
            looks in prop::collection::vec(prop::collection::btree_set(0_u64..30, 0..20), 0..10)
        ) {
            let (mut compact, mut model) = (ByCookie::<(usize, u32)>::default(), HashMap::<u64, u32>::new());
            for (number, look) in looks.into_iter().enumerate() {
                for &cookie in &look {
                    let place = compact.place(cookie, || (number, 0));
                    let remembered = &mut compact[place];
                    *remembered = (number, remembered.1 + 1);
                    let seen = model.entry(cookie).or_default();
                    *seen += 1;
                    prop_assert_eq!(remembered.1, *seen);
                }
                compact.end_look(|(last, _)| *last == number);
                model.retain(|cookie, _| look.contains(cookie));
                prop_assert_eq!(compact.values().count(), model.len());
            }
            prop_assert_eq!(compact.take().count(), model.len());
            prop_assert_eq!(compact.values().count(), 0);
        }
    }

    #[test]
    fn of_one_that_was_new_twice_the_second_stays() {
        let mut compact = ByCookie::default();
        for (cookie, value) in [(1, 'a'), (2, 'b'), (1, 'c')] {
            let place = compact.place(cookie, || value);
            compact[place] = value;
        }
        compact.end_look(|_| true);
        assert_eq!(compact.take().collect::<String>(), "cb");
    }
}
