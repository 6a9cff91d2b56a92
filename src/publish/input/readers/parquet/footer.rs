//! Owns a check of the Parquet footer (Thrift, compact protocol) before the library reads it. The library allocates as
//! many columns as the footer states and recurses as deep as they are nested, so a hostile footer could exhaust memory
//! or the stack.
//! Must not know more of the footer than the shape of its schema.

/// The deepest nesting of columns. A list has three levels.
const DEPTH: usize = 16;

/// The deepest nesting of other values.
const NESTED: usize = 64;

/// The fields that are checked, by their numbers in parquet.thrift.
const SCHEMA: i64 = 2;
const CHILDREN: i64 = 5;

/// The type codes of the compact protocol.
const I32: u8 = 5;
const LIST: u8 = 9;
const STRUCT: u8 = 12;

/// Checks that the schema is not nested too deeply and has as many columns as it states.
pub fn is_sound(footer: &[u8]) -> bool {
    CompactReader(footer).file().is_some()
}

/// The unread part of a footer. Every method returns None for an invalid footer.
struct CompactReader<'b>(&'b [u8]);

impl CompactReader<'_> {
    /// Reads the footer: each field at most once, in the order of their numbers, as all writers write them.
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

    /// Reads the columns, which follow the columns that contain them.
    fn schema(&mut self) -> Option<()> {
        let (columns, kind) = self.list()?;
        if kind != STRUCT || columns > self.0.len() {
            return None;
        }
        // The numbers of columns still to come at each depth.
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

    /// Reads a column and returns the number of its children.
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

    /// The number and type of the next field, whose number must exceed `last`; None inside at the end of the struct.
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

    /// The number of elements in a list, and their type.
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
            // A boolean is part of its type.
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
                // In a list, a boolean has a byte.
                let kind = if kind <= 2 { 3 } else { kind };
                (0..count).try_for_each(|_| self.skip(kind, deeper))
            }
            STRUCT => {
                while let Some((_, kind)) = self.field(i64::MIN / 2)? {
                    self.skip(kind, deeper)?;
                }
                Some(())
            }
            // The Parquet format uses no maps.
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

    /// A signed number in zigzag encoding.
    fn number(&mut self) -> Option<i64> {
        let zigzag = self.varint()?;
        Some((zigzag >> 1).cast_signed() ^ -((zigzag & 1).cast_signed()))
    }
}
