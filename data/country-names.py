#!/usr/bin/env python3
"""Writes country-names.tsv: the names of each country, by its ISO 3166-1 code.

The names come from Unicode's CLDR through Babel, in the country's official languages and in common languages of shops.
Run it again when Babel has a newer CLDR:

    pip install babel && python3 data/country-names.py > data/country-names.tsv
"""

from babel import Locale, UnknownLocaleError
from babel.core import get_global
from babel.languages import get_official_languages

LANGUAGES = ["en", "de", "fr", "es", "it", "pt", "nl", "sv", "da", "nb", "fi", "pl", "cs", "ru", "uk", "tr", "ja", "ko",
             "zh_Hans", "zh_Hant"]

# Common names that CLDR does not list.
ALIASES = {
    "AE": ["UAE"], "BO": ["Plurinational State of Bolivia"], "BN": ["Brunei Darussalam"], "CD": ["DR Congo", "DRC"],
    "CG": ["Republic of the Congo"], "CI": ["Ivory Coast"], "CV": ["Cabo Verde"], "CZ": ["Czech Republic"],
    "DE": ["Federal Republic of Germany", "Bundesrepublik Deutschland", "BRD"],
    "FM": ["Federated States of Micronesia"],
    "GB": ["UK", "U.K.", "Great Britain", "Britain", "England", "Scotland", "Wales", "Northern Ireland",
           "United Kingdom of Great Britain and Northern Ireland", "イギリス", "英国"],
    "HK": ["Hong Kong", "香港"], "IR": ["Islamic Republic of Iran"], "KP": ["Democratic People's Republic of Korea"],
    "KR": ["Korea", "Republic of Korea", "한국", "韓国", "大韓民国"], "LA": ["Lao People's Democratic Republic"],
    "MD": ["Republic of Moldova"], "MK": ["Macedonia"], "MM": ["Burma"], "MO": ["Macao", "Macau", "澳門"],
    "NL": ["Holland", "The Netherlands"], "PS": ["Palestine", "State of Palestine"], "RU": ["Russian Federation"],
    "SY": ["Syrian Arab Republic"], "SZ": ["Swaziland"], "TL": ["East Timor"], "TR": ["Turkey"],
    "TW": ["Taiwan, Province of China", "台灣", "臺灣"], "TZ": ["United Republic of Tanzania"],
    "US": ["USA", "U.S.A.", "U.S.", "United States of America", "America", "米国", "アメリカ", "アメリカ合衆国"],
    "VA": ["Holy See"], "VE": ["Bolivarian Republic of Venezuela"], "VN": ["Viet Nam"],
}
# Codes in CLDR that ISO 3166-1 does not assign.
NOT_ISO = {"AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "XK", "ZZ"}


def names(code):
    found = []
    for language in LANGUAGES + [l for l in get_official_languages(code, de_facto=True, regional=True)]:
        try:
            name = Locale.parse(language).territories.get(code)
        except (UnknownLocaleError, ValueError):
            continue
        if name and name != code:
            found.append(name)
    return list(dict.fromkeys(found + ALIASES.get(code, [])))


def main():
    territories = [code for code in Locale("en").territories if len(code) == 2 and code not in NOT_ISO]
    print(f"# Written by country-names.py from Unicode CLDR {get_global('cldr')['version']}. Do not edit.")
    for code in sorted(territories):
        print("\t".join([code, *names(code)]))


main()
