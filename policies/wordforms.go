package policies

import "strings"

// The endings that a word may have beside none. They are few on purpose: what a
// supervisor means and they miss is written out, or with a star.
const (
	englishEndings = " e s es d ed ing ings y ies ied ion ions ation ations ment ments able "
	germanEndings  = " e n en er es em s ns ern ens t te ten tet st et end ung ungen "
)

// englishForm gives an English word without its ending: charged, charges and
// charging are forms of charge, delivery and deliveries of deliver.
func englishForm(word string) wordForm {
	stem := word
	for _, one := range []struct {
		ending string
		least  int
	}{{"ies", 6}, {"ing", 7}, {"ied", 6}, {"es", 6}, {"ed", 6}, {"s", 5}, {"e", 5}, {"y", 5}} {
		if bare, ok := strings.CutSuffix(word, one.ending); ok && len(word) >= one.least && !strings.HasSuffix(word, "ss") {
			stem = bare
			break
		}
	}
	if len(stem) < 4 {
		return wordForm{stem: word, endings: func(rest string) bool { return rest == "" || rest == "s" }}
	}
	last := stem[len(stem)-1:]
	return wordForm{stem: stem, endings: func(rest string) bool {
		// cancel, cancelled
		doubled, ok := strings.CutPrefix(rest, last)
		return ending(rest, englishEndings) || ok && ending(doubled, englishEndings)
	}}
}

// germanForm gives a German word without its ending: Rechnungen is a form of
// Rechnung, bezahlt of bezahlen; and both are parts of longer words.
func germanForm(word string) wordForm {
	stem := word
	switch {
	case len(word) >= 7 && (strings.HasSuffix(word, "ern") || strings.HasSuffix(word, "eln")):
		stem = word[:len(word)-1] // liefern, sammeln
	case len(word) >= 6 && strings.HasSuffix(word, "en"):
		stem = word[:len(word)-2]
	case len(word) >= 5 && strings.HasSuffix(word, "e"):
		stem = word[:len(word)-1]
	}
	return wordForm{
		stem: stem, within: len(stem) >= 5,
		endings: func(rest string) bool { return ending(rest, germanEndings) },
	}
}

func ending(rest, endings string) bool {
	return rest == "" || strings.Contains(endings, " "+rest+" ")
}
