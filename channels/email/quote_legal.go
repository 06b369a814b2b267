package email

import (
	"regexp"
	"slices"
	"strings"
)

// How companies' notices below a mail begin, and what else stands in them. Only
// both together are a notice: a person too may write that a mail is confidential.
var (
	legalStart = regexp.MustCompile(`(?i)^[\s*_>-]*(` +
		`((this|the (information|contents?)( contained| transmitted)? (in|of|by|with) this) (e-?mail|message|communication|transmission)|the information (contained |transmitted )?(in this|is intended)).{0,300}(confidential|privileged|intended|proprietary)|` +
		`(diese|der inhalt dieser|die (in dieser|informationen in dieser)) (e-?mail|mail|nachricht).{0,300}(vertraulich|geschützt|ausschließlich|bestimmt)|` +
		`(ce|cette|le contenu de ce|les informations contenues dans ce).{0,12}(message|courriel|e-?mail|courrier|mél).{0,300}(confidenti|destiné|exclusi)|` +
		`(este|el contenido de este|la información contenida en este).{0,12}(mensaje|correo|e-?mail).{0,300}(confidencial|dirigid|exclusiv)|` + //nolint:misspell // Spanish
		`(quest[oa]|il contenuto|le informazioni|ai sensi del).{0,60}(messaggio|e-?mail|comunicazione|regolamento).{0,300}(riservat|confidenzial|esclusiv)|` +
		`(dit|deze|de inhoud van (dit|deze)|de informatie).{0,40}(bericht|e-?mail).{0,300}(vertrouwelijk|uitsluitend|bestemd)|` + //nolint:misspell // Dutch
		`(niniejsz\pL+|ta|ten|treść (niniejszej|tej)|informacje zawarte).{0,40}(wiadomoś\pL+|e-?mail|korespondencj).{0,300}(poufn|wyłącznie|przeznaczon))`)
	legalEnd = regexp.MustCompile(`(?i)(recipient|addressee|in error|by mistake|disclos|prohibited|empfänger|adressat|irrtümlich|löschen|vernichten|` +
		`destinataire|par erreur|destinatari[oaie]|destinat[aeio] esclusivamente|esclusivamente destinat|por error|per errore|(solely|only|exclusively) for the|2016/679|ontvanger|geadresseerde|abusievelijk|adresat\pL*|odbiorc\pL*|omyłkowo)`)
	headlineOnly = regexp.MustCompile(`(?i)^\s*[*_]{0,2}(confidentiality (notice|note|statement)|disclaimer|legal (notice|disclaimer)|haftungsausschluss|vertraulichkeitshinweis|` +
		`avis de confidentialité|aviso de confidencialidad|aviso legal|avviso di riservatezza|informativa privacy|klauzula poufności)\s?:?[*_]{0,2}\s*$`)
	speaksOfOneself = regexp.MustCompile(`\?\s*$|\b(I|I'm|my|ich|mein\pL*|je|j'ai|mon|yo|mi|io|mio|ik|mijn)\b`)
	natureForm      = regexp.MustCompile(`(?i)^[\s*_P-]{0,6}(please (consider|think (of|about)) (the|our) environment (before|prior to) (printing|you print this)|think before you print|save (a tree|paper)(\PL{0,4}|.{0,40}\bprint\b.{0,40})$|` +
		`(bitte )?(denken sie|denkt|denk) (bitte )?an (die|unsere) umwelt|bitte prüfen sie, ob diese mail wirklich ausgedruckt|pensez (à l['’]environnement|environnement)|avant d['’]imprimer|` +
		`antes de imprimir|(prima di|pensa all['’]ambiente prima di) stampare|rispetta l['’]ambiente|denk aan het milieu|pomyśl o środowisku|zanim wydrukujesz)`)
)

// noticeWords are what companies' notices speak of, whatever language: that a
// mail is confidential, that it may have gone wrong, for whom it is, what is
// forbidden or to be done then, whom to tell. A paragraph about the mail itself
// with three of them, one of the first two among them, is such a notice: who only
// writes of a parcel's sender and recipient has neither.
//
//nolint:gochecknoglobals // a table
var noticeWords = [][]string{
	{
		"confidential", "privileged", "vertraulich", "rechtlich geschützt", "confidenti", "confidencia", "riservat", "confidenzial", "vertrouwelijk",
		"poufn", "konfidentiel", "fortrolig", "důvěrn",
	},
	{
		"in error", "by mistake", "not the intended", "not the named", "irrtümlich", "versehentlich", "nicht der richtige", "nicht der beabsichtigte", "nicht der vorgesehene",
		"nicht der adressat", "par erreur", "pas le destinataire", "por error", "usted el destinatario", "por engano", "per errore", "il destinatario",
		"abusievelijk", "ten onrechte", "per abuis", "niet de geadresseerde", "niet de beoogde", "niet voor u bestemd", "omyłkowo", "przez pomyłkę", "adresatem",
		"av misstag", "ved en fejl", "omylem",
	},
	{
		"intended recipient", "named recipient", "addressee", "individual or entity", "to whom it is addressed", "empfänger", "adressat", "destinataire",
		"destinatari", "persona a la que", "geadresseerde", "beoogde ontvanger", "bestemd voor", "adresat", "odbiorc", "mottagare", "modtager", "adresát", "příjemc", //nolint:misspell // Czech
	},
	{
		"prohibited", "unauthorised", "unauthorized", //nolint:misspell // as Americans write
		"delete it", "delete this", "and delete", "destroy", "untersagt", "unbefugt", "nicht gestattet", "löschen", "löschung",
		"vernichten", "détruire", "supprimer", "interdite", "prohibid", "elimin", "borrar", "bórr", "cancellar", "vietat", "proibit", "verwijder", "verboden", "usunięci", "zabronion",
		"radera", "slette", "smazat", "smažte", "apagar", "apague",
	},
	{
		"notify the sender", "notify us", "inform the sender", "contact the sender", "advise the sender", "absender", "l'expéditeur", "l’expéditeur", "remitente", "remetente",
		"mittente", "afzender", "nadawc", "avsändaren", "afsenderen", "odesílatele",
	},
}

// ofThisMail finds what says that a paragraph is about the mail itself.
var ofThisMail = regexp.MustCompile(`(?i)\b(this|diese[rs]?|ce|cet|este|esta|quest[oa]|dit|deze|ta|tej|tę|niniejsz\pL+|denna|detta|denne|tento|této|tato)\s(\pL+\s){0,2}` +
	`(e-?mail|mail|message|communication|nachricht|courriel|courrier|mensaje|mensagem|correo|messaggio|comunicazione|bericht|e-?mailbericht|wiadomoś\pL+|meddelande|mejl|besked|zpráv\pL+)`)

// longestNotice is how many bytes a company's notice has at most.
const longestNotice = 6000

// isNotice reports whether a last paragraph is a company's notice.
func isNotice(all string) bool {
	if len(all) <= 100 || len(all) > longestNotice {
		return false
	}
	lower, spoken, secret := strings.ToLower(all), 0, false
	for i, words := range noticeWords {
		if slices.ContainsFunc(words, func(word string) bool { return strings.Contains(lower, word) }) {
			spoken, secret = spoken+1, secret || i < 2
		}
	}
	return (secret && spoken > 2 && ofThisMail.MatchString(all) || len(all) > 120 && legalStart.MatchString(all) && legalEnd.MatchString(all)) &&
		!speaksOfOneself.MatchString(all)
}

// below gives the kind of the next line with words from i on, that of own words
// if there is none.
func (r *reading) below(i int) byte {
	for ; i < len(r.lines); i++ {
		if r.lines[i] != "" {
			return r.kinds[i]
		}
	}
	return lineOwn
}
