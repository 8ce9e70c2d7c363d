//! Known spellings of column names: in lower case, without accents, punctuation and spaces.

use super::meaning::Meaning;
use crate::contact::Field;

/// The known spellings of each meaning.
pub(super) const SPELLINGS: &[(Meaning, &[&str])] = &[
    (Meaning::Field(Field::Email), EMAIL),
    (Meaning::Field(Field::Phone), PHONE),
    (Meaning::Field(Field::FirstName), FIRST_NAME),
    (Meaning::Field(Field::LastName), LAST_NAME),
    (Meaning::Field(Field::Address), ADDRESS),
    (Meaning::Field(Field::City), CITY),
    (Meaning::Field(Field::State), STATE),
    (Meaning::Field(Field::PostalCode), POSTAL_CODE),
    (Meaning::Field(Field::Country), COUNTRY),
    (Meaning::Field(Field::CountryCode), COUNTRY_CODE),
    (Meaning::Field(Field::Birthdate), BIRTHDATE),
    (Meaning::Field(Field::Gender), GENDER),
    (Meaning::Field(Field::CreatedAt), CREATED_AT),
    (Meaning::FullName, FULL_NAME),
    (Meaning::AddressLine, ADDRESS_LINE),
];

#[rustfmt::skip]
const EMAIL: &[&str] = &[
    "email", "emailaddress", "emailaddr", "emailid", "mail", "mailaddress", "emailaddress1", "email1",
    "mailadresse", "emailadresse", "emailaddresse", "correo", "correoelectronico", "email1address",
    "direcciondecorreo", "direcciondecorreoelectronico", "direcciondeemail", "courriel", "adresseemail",
    "adressemail", "adresseelectronique", "adressecourriel", "adressedecourriel", "adressedemessagerie",
    "adresseemailclient", "epost", "epostadress", "postaelettronica", "indirizzoemail", "enderecodeemail",
    "emailadres", "adresemail",
    "メール", "メールアドレス", "eメール", "eメールアドレス", "電子メール", "電子メールアドレス", "メアド",
    "mailアドレス", "emailアドレス", "pcメールアドレス", "pcメール", "電子邮件", "邮箱", "이메일",
];

#[rustfmt::skip]
const PHONE: &[&str] = &[
    "phone", "phonenumber", "phoneno", "phonenum", "telephone", "telephonenumber", "telephoneno", "tel", "telno",
    "telnumber", "mobile", "mobilephone", "mobilenumber", "mobileno", "mobilephonenumber", "cell", "cellphone",
    "cellphonenumber", "cellnumber", "msisdn", "smsnumber", "smsphone", "smsphonenumber", "phonee164", "e164phone",
    "telephone1", "phone1", "mobilephone1", "tel1",
    "telefon", "telefonnummer", "telefonnr", "telnr", "rufnummer", "mobil", "mobiltelefon", "mobilnummer",
    "mobilnr", "mobilfunk", "mobilfunknummer", "handy", "handynummer", "handynr", "festnetz", "festnetznummer",
    "telefono", "numerodetelefono", "telefonomovil", "telefonofijo", "telefonocelular", "movil", "numeromovil",
    "celular", "numerodecelular", "telephonemobile", "telephoneportable", "telephonefixe", "portable",
    "numerodetelephone", "numeroportable", "telportable", "telmobile", "telfixe", "cellulare", "numerodicellulare",
    "numeroditelefono", "telefoon", "telefoonnummer", "mobielnummer", "mobiel", "telemovel", "telefone",
    "電話", "電話番号", "tel番号", "携帯", "携帯電話", "携帯電話番号", "携帯番号", "固定電話", "固定電話番号",
    "電話番号1", "手机", "手机号", "전화번호",
];

#[rustfmt::skip]
const FIRST_NAME: &[&str] = &[
    "firstname", "fname", "givenname", "givennames", "forename", "forenames", "first", "firstnames", "vorname",
    "vornamen", "prenom", "prenoms", "nombre", "nombres", "nombredepila", "primernombre", "nome", "primeironome",
    "voornaam", "fornavn", "fornamn", "imie", "namefirst", "namegiven",
    "名", "名前名", "氏名名", "名漢字", "ファーストネーム", "下の名前",
];

#[rustfmt::skip]
const LAST_NAME: &[&str] = &[
    "lastname", "lname", "surname", "familyname", "last", "nachname", "familienname", "zuname", "nom",
    "nomdefamille", "apellido", "apellidos", "primerapellido", "cognome", "sobrenome", "apelido", "achternaam",
    "efternavn", "efternamn", "etternavn", "nazwisko", "namelast", "namefamily",
    "姓", "名前姓", "氏名姓", "姓漢字", "苗字", "名字", "ラストネーム", "ファミリーネーム",
];

#[rustfmt::skip]
const FULL_NAME: &[&str] = &[
    "name", "fullname", "displayname", "completename", "firstandlastname", "firstnamelastname", "vollername",
    "ansprechpartner", "vorundnachname", "nombrecompleto", "nombreyapellidos", "nomcomplet", "nometprenom",
    "nomprenom", "prenomnom", "prenometnom", "nomecompleto", "nomecognome", "nomeecognome", "volledigenaam", "naam",
    "氏名", "名前", "姓名", "顧客名", "会員名", "お客様名", "宛名", "フルネーム", "氏名漢字",
];

#[rustfmt::skip]
const ADDRESS: &[&str] = &[
    "address", "address1", "addressline", "addressline1", "addr", "addr1", "street", "street1", "streetaddress",
    "streetaddress1", "streetline1", "addressstreet", "addressstreet1", "streetname", "postaladdress", "line1",
    "addressaddress1",
    "strasse", "str", "strassehausnummer", "strassehausnr", "strassenr", "strasseundhausnummer",
    "strasseundhausnr", "strassenundhausnummer", "anschrift", "adresse", "adresse1", "adresszeile", "adresszeile1",
    "rue", "adressepostale", "adresseligne1", "voie", "direccion", "direccion1", "calle", "domicilio", "indirizzo",
    "via", "endereco", "morada", "rua", "straat", "straatnaam", "adres", "gata", "gatuadress", "ulica",
    "住所", "住所1", "番地", "番地建物名", "番地以降", "町名番地", "町域番地建物名", "それ以降の住所", "町域", "町域番地", "丁目番地", "市区町村以降", "住所番地", "以降の住所", "地址",
];

#[rustfmt::skip]
const ADDRESS_LINE: &[&str] = &[
    "address2", "addressline2", "addr2", "street2", "streetaddress2", "streetline2", "addressstreet2", "line2",
    "address3", "addressline3", "street3", "addressaddress2", "apartment", "apt", "suite", "addressextra",
    "housenumber", "adresse2", "adresszeile2", "adresszusatz", "zusatz", "hausnummer", "hausnr",
    "complementadresse", "complementdadresse", "adresseligne2", "direccion2", "huisnummer",
    "住所2", "住所3", "建物名", "建物", "マンション名", "アパートマンション名", "ビル名", "部屋番号",
    "建物名部屋番号",
];

#[rustfmt::skip]
const CITY: &[&str] = &[
    "city", "town", "citytown", "towncity", "locality", "municipality", "cityname", "suburb", "addresscity",
    "ort", "stadt", "wohnort", "ortschaft", "ville", "localite", "commune", "ciudad", "poblacion", "localidad",
    "municipio", "citta", "comune", "cidade", "plaats", "woonplaats", "stad", "postort", "miasto",
    "市区町村", "市区郡町村", "市町村", "市区", "市", "都市", "市区町村名", "城市",
];

#[rustfmt::skip]
const STATE: &[&str] = &[
    "state", "stateprovince", "stateorprovince", "province", "provincecode", "provincename", "statecode",
    "statename", "region", "regioncode", "stateregion", "stateprovinceregion", "county", "prefecture", "pref",
    "addressstate", "addressprovince", "addressprovincecode", "addressregion",
    "bundesland", "departement", "comunidadautonoma", "provincia", "estado", "regione", "kanton", "canton",
    "都道府県", "都道府県名", "県", "州", "省",
];

#[rustfmt::skip]
const POSTAL_CODE: &[&str] = &[
    "postalcode", "postcode", "zip", "zipcode", "zippostalcode", "zippostcode", "ziporpostalcode", "postalzip",
    "postalzipcode", "postal", "pincode", "eircode", "addresszip", "addresspostalcode", "zippostal",
    "plz", "postleitzahl", "codepostal", "cp", "codigopostal", "cap", "cep", "postnummer", "postnr",
    "kodpocztowy", "郵便番号", "郵便", "〒", "zip番号", "邮编",
];

#[rustfmt::skip]
const COUNTRY: &[&str] = &[
    "country", "countryname", "countryregion", "countryorregion", "nation", "addresscountry",
    "land", "staat", "pays", "pais", "paese", "nazione", "kraj",
    "国", "国名", "国地域", "国家",
];

#[rustfmt::skip]
const COUNTRY_CODE: &[&str] = &[
    "countrycode", "countryiso", "isocountry", "isocountrycode", "countryiso2", "countryiso3", "countryisocode",
    "countrycodeiso", "countrycode2", "iso2", "iso3166", "countryabbr", "cc", "addresscountrycode",
    "laendercode", "landercode", "landcode", "landeskennzeichen", "laenderkennzeichen", "landkz", "lkz",
    "landesschlussel", "codepays", "codigopais", "codigodepais", "landesode", "国コード",
];

#[rustfmt::skip]
const BIRTHDATE: &[&str] = &[
    "birthdate", "birthday", "dateofbirth", "dob", "bday", "bdate", "birth", "birthdt", "dateofbirthdob", "born",
    "geburtsdatum", "geburtstag", "gebdatum", "gebdat", "gebtag", "geboren", "geborenam", "datedenaissance",
    "datenaissance", "naissance", "anniversaire", "fechadenacimiento", "fechanacimiento", "fnacimiento",
    "nacimiento", "cumpleanos", "datadinascita", "datadenascimento", "geboortedatum", "fodelsedatum",
    "dataurodzenia", "生年月日", "誕生日", "誕生年月日", "バースデー", "バースデイ", "生日",
];

#[rustfmt::skip]
const GENDER: &[&str] = &[
    "gender", "sex", "gendercode", "geschlecht", "anrede", "salutation", "title", "honorific", "genre", "sexe",
    "civilite", "titresocial", "sexo", "genero", "sesso", "geslacht", "aanhef", "kon", "plec", "titre", "tratamiento", "性別", "性别",
];

#[rustfmt::skip]
const CREATED_AT: &[&str] = &[
    "createdat", "created", "createdtimestamp", "createdate", "createddate", "createdon", "createdtime", "creationdate",
    "datecreated", "dateadded", "dateofregistration", "signupdate", "signedup", "signedupat", "registeredat",
    "registered", "registrationdate", "registereddate", "registeredon", "joined", "joinedat", "joindate",
    "joineddate", "datejoined", "since", "membersince", "customersince", "firstseen", "firstseenat",
    "accountcreated", "accountcreatedat", "accountcreationdate",
    "erstelltam", "erstellt", "angelegtam", "anlagedatum", "erfasstam", "kundeseit", "registriertam",
    "registrierungsdatum", "datedecreation", "datedinscription", "inscription", "inscritle", "aangemaaktop", "aanmaakdatum", "klantsinds", "opprettet", "creele", "clientdepuis", "fechadecreacion",
    "fechaderegistro", "fechadealta", "fechaalta", "datadicreazione", "datadiregistrazione", "dataderegisto",
    "登録日", "登録日時", "会員登録日", "会員登録日時", "入会日", "入会日時", "作成日", "作成日時",
];

/// Words that precede a part of an address.
pub(super) const ADDRESSES: &[&str] =
    &["address1", "address", "addr1", "addr", "adresse", "direccion", "indirizzo", "住所"];

/// Abbreviations in the column names of databases.
#[rustfmt::skip]
pub(super) const ABBREVIATIONS: &[(&str, &str)] = &[
    ("nm", "name"), ("nme", "name"), ("cd", "code"), ("dt", "date"), ("dte", "date"), ("ts", "at"), ("tm", "time"),
    ("nbr", "number"), ("num", "number"), ("no", "number"), ("addr", "address"), ("adr", "address"), ("cntry", "country"),
    ("ctry", "country"), ("cty", "city"), ("st", "street"), ("crt", "created"), ("cre", "created"), ("crtd", "created"),
    ("reg", "registration"), ("ph", "phone"), ("mob", "mobile"), ("eml", "email"), ("pstl", "postal"), ("gndr", "gender"),
    ("frst", "first"), ("lst", "last"), ("prov", "province"),
];

/// Words that only say whose value a column has, or that it is the main one.
#[rustfmt::skip]
pub(super) const QUALIFIERS: &[&str] = &[
    "customer", "customers", "contact", "contacts", "user", "users", "client", "clients", "member", "members",
    "subscriber", "person", "profile", "account", "buyer", "lead", "recipient", "guest", "shopper", "consumer",
    "primary", "main", "default", "home", "personal", "private", "preferred", "billing", "bill", "invoice",
    "mailing", "current", "my", "your", "the", "c", "traits", "trait", "properties", "property", "attributes",
    "attr", "fields", "field", "iso", "utc", "gmt", "cust", "usr", "kunde", "kunden", "rechnung", "rechnungs", "privat", "haupt",
    "cliente", "facturation", "facturacion", "名称", "漢字", "di", "de", "del", "du", "des", "la", "le", "1",
];

/// Words for a secondary value.
#[rustfmt::skip]
pub(super) const SECONDARY: &[&str] = &[
    "secondary", "second", "alt", "alternate", "alternative", "other", "additional", "work", "business", "office",
    "company", "shipping", "ship", "delivery", "landline", "backup", "liefer", "lieferung", "lieferadresse",
    "firma", "firmen", "geschaeftlich", "geschaftlich", "weitere", "livraison", "envio", "professionnel",
    "secundario", "2", "3", "勤務先", "会社", "お届け先", "配送先", "届け先", "送付先", "予備", "サブ", "携帯",
];

/// The same as [`QUALIFIERS`], in scripts without spaces between words.
pub(super) const CJK_QUALIFIERS: &[&str] =
    &["会員", "お客様", "顧客", "連絡先", "登録", "購入者", "注文者", "ご注文者", "ご", "お", "自宅", "基本"];
