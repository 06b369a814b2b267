package load

import (
	"fmt"
	"strings"
	"unicode"
)

// meantBy has how shops, CRMs and people call the columns, as flat gives it.
func meantBy() [][2]string {
	return [][2]string{
		{"external_id", "id customerid customerno customernr customernumber clientid contactid accountid accountnumber recordid userid " +
			"kundennummer kundennr kundenid debitorennummer"},
		{"name", "firstname lastname fullname displayname customername contactname accountname company companyname " +
			"vorname nachname firma kunde"},
		{"emails", "email mail emailaddress emailaddresses emailadresse mailadresse"},
		{"phones", "phone phonenumber telephone telephonenumber mobile mobilephone mobilenumber cellphone tel telefon telefonnummer mobil handy handynummer"},
		{"handles", "handle account accounts socialmedia"},
		{"language", "lang locale preferredlanguage sprache"},
		{"timezone", "tz zeitzone"},
		{"value", "customervalue lifetimevalue ltv clv wert kundenwert score"},
		{"customer_since", "since createdate createddate createdat creationdate dateadded memberssince membersince kundeseit"},
		{"preferred_channel", "channel preferredcontactmethod kanal"},
		{"tags", "tag labels label schlagworte"},
		{"attr.orders", "orders totalorders orderscount ordercount numberoforders bestellungen"},
		{"attr.revenue", "revenue totalspent totalrevenue totalsales amountspent moneyspent umsatz"},
		{"attr.first_order", "firstorder firstorderdate erstebestellung"},
		{"attr.last_order", "lastorder lastorderdate letztebestellung"},
	}
}

// flat is a name without what people write in two ways: case, spaces, lines.
func flat(name string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, name)
}

// unknown says what to call a column that has another name.
func unknown(name string) string {
	word := flat(name)
	begin := fmt.Sprintf("there is no column %q: ", clip(name))
	for _, known := range Columns() {
		if one := flat(known); word == one || word+"s" == one || word == one+"s" {
			return begin + "did you mean " + known + "?"
		}
	}
	for _, meant := range meantBy() {
		known := meant[0]
		for other := range strings.SplitSeq(meant[1], " ") {
			switch {
			case word != other:
			case known == "name":
				return begin + "did you mean name? It takes the whole name, in one column"
			default:
				return begin + "did you mean " + known + "?"
			}
		}
	}
	return begin + fmt.Sprintf("call it %q to keep it as a field of your own, or take it out", attrPrefix+clip(name))
}
