//! The policy's lists, threaded through the buckets' backs.

use super::{ID_SHIFT, Link, NIL, Slot, Table, replace_id};
use crate::cache::processor;

/// Entries at the front of a list that are fetched before their turn.
const AHEAD: usize = 2;

impl Table {
    pub(super) fn link_of(&mut self, slot: u32) -> &mut Link {
        &mut self.backs[slot as usize >> 3].links[slot as usize & 7]
    }

    /// The list that a slot's entry is on.
    pub fn list_of(&self, slot: Slot) -> u8 {
        let link = self.backs[slot.0 as usize >> 3].links[slot.0 as usize & 7];
        ((link.prev >> ID_SHIFT) << 4 | link.next >> ID_SHIFT) as u8
    }

    /// Entries on a list.
    #[inline]
    pub fn list_len(&self, list: u8) -> usize {
        self.lists[list as usize].len as usize
    }

    /// The oldest on a list.
    #[inline]
    pub fn front(&self, list: u8) -> Option<Slot> {
        let head = self.lists[list as usize].head;
        (head != NIL).then_some(Slot(head))
    }

    /// Has the processor fetch what letting the oldest on a list go will read,
    /// and the bucket of the one after it, whose turn is next.
    #[inline]
    pub fn fetch_front(&self, list: u8) {
        let mut slot = self.lists[list as usize].head;
        for _ in 0..AHEAD {
            let Some(bucket) = self.buckets.get(slot as usize >> 3) else { return };
            if let Some(Some(entry)) = bucket.entries.get(slot as usize & 7) {
                entry.fetch();
            }
            slot = self.backs[slot as usize >> 3].links[slot as usize & 7].next & NIL;
        }
        if let Some(back) = self.backs.get(slot as usize >> 3) {
            processor::fetch((&raw const *back).cast());
            processor::fetch((&raw const self.buckets[slot as usize >> 3]).cast());
        }
    }

    /// Moves an entry to the end of a list.
    pub fn move_to(&mut self, slot: Slot, list: u8) {
        self.unlink(slot);
        self.link(slot, list);
    }

    pub(super) fn link(&mut self, slot: Slot, list: u8) {
        let (high, low) = ((list as u32 >> 4) << ID_SHIFT, (list as u32 & 15) << ID_SHIFT);
        let tail = self.lists[list as usize].tail;
        *self.link_of(slot.0) = Link { prev: tail | high, next: NIL | low };
        match tail {
            NIL => self.lists[list as usize].head = slot.0,
            tail => self.link_of(tail).next = slot.0 | low,
        }
        let list = &mut self.lists[list as usize];
        list.tail = slot.0;
        list.len += 1;
    }

    pub(super) fn unlink(&mut self, slot: Slot) {
        let id = self.list_of(slot) as usize;
        let link = *self.link_of(slot.0);
        let (prev, next) = (link.prev & NIL, link.next & NIL);
        match prev {
            NIL => self.lists[id].head = next,
            prev => replace_id(&mut self.link_of(prev).next, next),
        }
        match next {
            NIL => self.lists[id].tail = prev,
            next => replace_id(&mut self.link_of(next).prev, prev),
        }
        self.lists[id].len -= 1;
    }
}
