//! The columns of a Parquet file: their names and the types of their values.

use parquet::{
    basic::{ConvertedType as Converted, LogicalType as Logical, TimeUnit, Type as Physical},
    schema::types::{ColumnDescriptor, SchemaDescriptor, Type},
};

/// A column with values.
#[derive(Debug)]
pub(super) struct Leaf {
    /// The path with dots. The column of a list has the name of the list.
    pub name: String,
    /// The position in the file.
    pub index: usize,
    pub kind: Kind,
}

/// How the values of a column become text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// As they are stored.
    Plain,
    Unsigned,
    Date,
    Time(Unit),
    Instant(Unit),
    /// A date and time without an offset.
    Civil(Unit),
    Decimal(u32),
    Uuid,
    /// A type that is not supported.
    Unsupported,
}

/// The unit of stored times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    Millis,
    Micros,
    Nanos,
}

/// Returns every column of a file, in order.
pub(super) fn leaves(schema: &SchemaDescriptor) -> Vec<Leaf> {
    let mut names = Vec::new();
    for field in schema.root_schema().get_fields() {
        walk(field, field.name().to_owned(), &mut names);
    }
    let columns = names.into_iter().zip(schema.columns()).enumerate();
    columns.map(|(index, (name, column))| Leaf { name, index, kind: kind(column) }).collect()
}

fn walk(node: &Type, path: String, names: &mut Vec<String>) {
    if node.is_primitive() {
        names.push(path);
        return;
    }
    let info = node.get_basic_info();
    let is_list =
        info.converted_type() == Converted::LIST || matches!(info.logical_type_ref(), Some(Logical::List));
    if let (true, [repeated]) = (is_list, node.get_fields()) {
        // A list has one or two groups around its elements, with different names from each writer.
        match repeated.is_group().then(|| repeated.get_fields()) {
            Some([element]) => walk(element, path, names),
            Some(fields) => below(fields, &path, names),
            None => names.push(path),
        }
    } else {
        below(node.get_fields(), &path, names);
    }
}

fn below(fields: &[std::sync::Arc<Type>], path: &str, names: &mut Vec<String>) {
    for field in fields {
        walk(field, format!("{path}.{}", field.name()), names);
    }
}

fn kind(column: &ColumnDescriptor) -> Kind {
    if column.max_rep_level() > 1 {
        return Kind::Unsupported;
    }
    if column.physical_type() == Physical::INT96 {
        // Spark, Hive and Impala store instants in it.
        return Kind::Instant(Unit::Nanos);
    }
    let scale = u32::try_from(column.type_scale()).unwrap_or_default();
    match (column.logical_type_ref(), column.converted_type()) {
        (Some(Logical::Date), _) | (None, Converted::DATE) => Kind::Date,
        (Some(Logical::Decimal(_)), _) | (None, Converted::DECIMAL) => Kind::Decimal(scale),
        (Some(Logical::Uuid), _) => Kind::Uuid,
        (Some(Logical::Integer(int)), _) if !int.is_signed => Kind::Unsigned,
        (Some(Logical::Time(time)), _) => Kind::Time(unit(time.unit)),
        (Some(Logical::Timestamp(time)), _) if time.is_adjusted_to_u_t_c => Kind::Instant(unit(time.unit)),
        (Some(Logical::Timestamp(time)), _) => Kind::Civil(unit(time.unit)),
        (Some(Logical::Float16 | Logical::Variant(_) | Logical::Geometry(_) | Logical::Geography(_)), _)
        | (None, Converted::INTERVAL) => Kind::Unsupported,
        (None, Converted::UINT_8 | Converted::UINT_16 | Converted::UINT_32 | Converted::UINT_64) => {
            Kind::Unsigned
        }
        (None, Converted::TIME_MILLIS) => Kind::Time(Unit::Millis),
        (None, Converted::TIME_MICROS) => Kind::Time(Unit::Micros),
        (None, Converted::TIMESTAMP_MILLIS) => Kind::Instant(Unit::Millis),
        (None, Converted::TIMESTAMP_MICROS) => Kind::Instant(Unit::Micros),
        _ => Kind::Plain,
    }
}

fn unit(unit: TimeUnit) -> Unit {
    match unit {
        TimeUnit::MILLIS => Unit::Millis,
        TimeUnit::MICROS => Unit::Micros,
        TimeUnit::NANOS => Unit::Nanos,
    }
}

/// Whether the cells of a column are lists.
pub(super) fn is_list(column: &ColumnDescriptor) -> bool {
    column.max_rep_level() > 0
}
