//! Owns a look at a Parquet footer (Thrift, compact protocol) before the library reads it: the library makes room for
//! as many columns as one is said to have, and calls itself as deep as they are nested, which a hostile footer may make
//! more than there is memory or stack for.
//! Must not know what the footer says beyond the shape of the schema.

/// How deep columns may be nested: a list is three levels.
const DEPTH: usize = 16;

/// How deep anything else may be nested.
const NESTED: usize = 64;

/// The fields that matter, by the numbers of the format's definition (parquet.thrift).
const SCHEMA: i64 = 2;
const CHILDREN: i64 = 5;

/// The types of the compact protocol.
const I32: u8 = 5;
const LIST: u8 = 9;
const STRUCT: u8 = 12;

/// Says whether the schema of a footer is no deeper and no wider than it has columns.
pub fn is_sound(footer: &[u8]) -> bool {
    CompactReader(footer).file().is_some()
}

/// What is left to read. Nothing is what every method gives for a footer that is not sound.
struct CompactReader<'b>(&'b [u8]);

impl CompactReader<'_> {
    /// The footer: every field once, in the order of their numbers, as all writers write them.
    fn file(&mut self) -> Option<()> {
        let mut last = 0;
        while let Some((field, kind)) = self.field(last)? {
            match (field, kind) {
                (SCHEMA, LIST) => self.schema()?,
                (SCHEMA, _) => return None,
                _ => self.skip(kind, NESTED)?,
            }
            last = field;
        }
        Some(())
    }

    /// The columns, each after the one that it is nested in.
    fn schema(&mut self) -> Option<()> {
        let (columns, kind) = self.list()?;
        if kind != STRUCT || columns > self.0.len() {
            return None;
        }
        // How many columns are still to come at each depth.
        let mut open: Vec<usize> = Vec::new();
        for at in 0..columns {
            let children = self.column()?;
            if children > columns - at - 1 {
                return None;
            }
            while open.last() == Some(&0) {
                open.pop();
            }
            if let Some(left) = open.last_mut() {
                *left -= 1;
            }
            if children > 0 {
                open.push(children);
            }
            if open.len() > DEPTH {
                return None;
            }
        }
        Some(())
    }

    /// A column: how many are nested in it.
    fn column(&mut self) -> Option<usize> {
        let (mut last, mut children) = (0, 0);
        while let Some((field, kind)) = self.field(last)? {
            match (field, kind) {
                (CHILDREN, I32) => children = usize::try_from(self.number()?).ok()?,
                (CHILDREN, _) => return None,
                _ => self.skip(kind, NESTED)?,
            }
            last = field;
        }
        Some(children)
    }

    /// The number and type of a struct's next field, larger than the last; nothing within at its end.
    fn field(&mut self, last: i64) -> Option<Option<(i64, u8)>> {
        let head = self.byte()?;
        if head == 0 {
            return Some(None);
        }
        let field = match head >> 4 {
            0 => self.number()?,
            more => last + i64::from(more),
        };
        (field > last).then_some(Some((field, head & 0xf)))
    }

    /// How many elements a list has, and their type.
    fn list(&mut self) -> Option<(usize, u8)> {
        let head = self.byte()?;
        let count = match head >> 4 {
            0xf => usize::try_from(self.varint()?).ok()?,
            count => usize::from(count),
        };
        Some((count, head & 0xf))
    }

    fn skip(&mut self, kind: u8, depth: usize) -> Option<()> {
        let deeper = depth.checked_sub(1)?;
        match kind {
            // Truths are in their type.
            1 | 2 => Some(()),
            3 => self.bytes(1),
            4..=6 => self.varint().map(|_| ()),
            7 => self.bytes(8),
            8 => {
                let length = usize::try_from(self.varint()?).ok()?;
                self.bytes(length)
            }
            LIST | 10 => {
                let (count, kind) = self.list()?;
                // But in a list, where each has a byte.
                let kind = if kind <= 2 { 3 } else { kind };
                (0..count).try_for_each(|_| self.skip(kind, deeper))
            }
            STRUCT => {
                while let Some((_, kind)) = self.field(i64::MIN / 2)? {
                    self.skip(kind, deeper)?;
                }
                Some(())
            }
            // The format has no maps.
            _ => None,
        }
    }

    fn bytes(&mut self, count: usize) -> Option<()> {
        self.0 = self.0.get(count..)?;
        Some(())
    }

    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn varint(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    /// A number with a sign, which is its last bit.
    fn number(&mut self) -> Option<i64> {
        let zigzag = self.varint()?;
        Some((zigzag >> 1).cast_signed() ^ -((zigzag & 1).cast_signed()))
    }
}
