//! Values in the compact form, one after the other, as `postcard` writes them.
//!
//! Rule: what is not there, or not right, is `None`; nothing is read twice.

use serde::de::DeserializeOwned;

use crate::domain::id::{Derived, Known, Source};
use crate::domain::money::{Currency, Money};
use crate::domain::time::{Day, Instant};

/// What is still to be read.
pub(super) struct Bytes<'a> {
    pub(super) left: &'a [u8],
    /// The source that spoke last.
    pub(super) source: Option<Source>,
}

impl<'a> Bytes<'a> {
    #[inline]
    pub(super) fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.left.split_first()?;
        self.left = rest;
        Some(*first)
    }

    #[inline]
    pub(super) fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.left.split_at_checked(count)?;
        self.left = rest;
        Some(taken)
    }

    /// A whole number, seven bits a byte, the lowest first.
    #[inline(always)]
    pub(super) fn number(&mut self) -> Option<u64> {
        let first = self.byte()?;
        if first < 0x80 { Some(u64::from(first)) } else { self.further(first) }
    }

    /// The rest of a number of more than one byte, all at once where eight bytes are left: most of
    /// them are times.
    pub(super) fn further(&mut self, first: u8) -> Option<u64> {
        let Some(eight) = self.left.first_chunk::<8>() else { return self.slowly(first) };
        let eight = u64::from_le_bytes(*eight);
        let ends = !eight & 0x8080_8080_8080_8080;
        if ends == 0 {
            return self.slowly(first);
        }
        // The bits of the bytes up to the last one, and of these the lower seven each.
        let upto = ends ^ (ends - 1);
        let bits = eight & upto & 0x7f7f_7f7f_7f7f_7f7f;
        let bits = (bits & 0x007f_007f_007f_007f) | ((bits & 0x7f00_7f00_7f00_7f00) >> 1);
        let bits = (bits & 0x0000_3fff_0000_3fff) | ((bits & 0x3fff_0000_3fff_0000) >> 2);
        let bits = (bits & 0x0000_0000_0fff_ffff) | ((bits & 0x0fff_ffff_0000_0000) >> 4);
        self.left = &self.left[(ends.trailing_zeros() as usize >> 3) + 1..];
        Some(u64::from(first & 0x7f) | bits << 7)
    }

    pub(super) fn slowly(&mut self, first: u8) -> Option<u64> {
        let mut number = u64::from(first & 0x7f);
        for place in 1..10 {
            let byte = self.byte()?;
            if place == 9 && byte > 1 {
                return None;
            }
            number |= u64::from(byte & 0x7f) << (7 * place);
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    /// The same, of either sign: 0, -1, 1, -2, …
    #[inline]
    pub(super) fn signed(&mut self) -> Option<i64> {
        let number = self.number()?;
        Some((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
    }

    #[inline]
    pub(super) fn small<T: TryFrom<u64>>(&mut self) -> Option<T> {
        T::try_from(self.number()?).ok()
    }

    #[inline]
    pub(super) fn flag(&mut self) -> Option<bool> {
        match self.byte()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }

    #[inline]
    pub(super) fn option<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Option<T>,
    ) -> Option<Option<T>> {
        if self.flag()? { read(self).map(Some) } else { Some(None) }
    }

    #[inline]
    pub(super) fn list<T>(&mut self, read: impl Fn(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let count = self.small::<usize>()?;
        // Nothing takes less than a byte: a damaged count asks for no memory.
        let mut list = Vec::with_capacity(count.min(self.left.len()));
        for _ in 0..count {
            list.push(read(self)?);
        }
        Some(list)
    }

    #[inline]
    pub(super) fn words(&mut self) -> Option<&'a str> {
        let count = self.small::<usize>()?;
        str::from_utf8(self.take(count)?).ok()
    }

    #[inline]
    pub(super) fn text(&mut self) -> Option<String> {
        self.words().map(ToOwned::to_owned)
    }

    #[inline]
    pub(super) fn name<T: Known>(&mut self) -> Option<T> {
        self.words().map(T::known)
    }

    #[inline]
    pub(super) fn id<T: From<Derived>>(&mut self) -> Option<T> {
        let sixteen = self.byte()? == 16;
        let bytes = self.take(16).filter(|_| sixteen)?;
        Some(Derived::from_bytes(bytes.try_into().ok()?).into())
    }

    #[inline]
    pub(super) fn instant(&mut self) -> Option<Instant> {
        self.signed().map(Instant::from_millis)
    }

    #[inline]
    pub(super) fn day(&mut self) -> Option<Day> {
        i32::try_from(self.signed()?).ok().map(Day::from_number)
    }

    #[inline]
    pub(super) fn money(&mut self) -> Option<Money> {
        let minor = self.signed()?;
        let code: [u8; 3] = self.take(3)?.try_into().ok()?;
        Some(Money { minor, currency: Currency::of_code(code) })
    }

    /// One of several words, by its place.
    #[inline]
    pub(super) fn one_of<T: Copy>(&mut self, all: &[T]) -> Option<T> {
        all.get(self.small::<usize>()?).copied()
    }

    pub(super) fn rare<T: DeserializeOwned>(&mut self) -> Option<T> {
        let (value, rest) = postcard::take_from_bytes(self.left).ok()?;
        self.left = rest;
        Some(value)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Of every length, and wherever they end.
        #[test]
        fn numbers_are_read_as_they_were_written(
            numbers in prop::collection::vec((any::<u64>(), 0_u32..64), 0..9),
        ) {
            let numbers: Vec<u64> = numbers.into_iter().map(|(it, less)| it >> less).collect();
            let written = postcard::to_allocvec(&numbers).unwrap();
            let mut bytes = Bytes { left: &written, source: None };
            prop_assert_eq!(bytes.list(Bytes::number), Some(numbers));
            prop_assert!(bytes.left.is_empty());
        }
    }
}
