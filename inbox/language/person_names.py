"""Word lists with which `salutation` recognises personal names and rejects nicknames, prayers and shops.

All words are folded.
"""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Common first names: Turkish, Kurdish, Arabic in Latin letters, and a few others.
FIRST_NAMES = _words(
    """
    abdulaziz abdulbaki abdulhamit abdulkadir abdulkerim abdullah abdulmecit abdulrahman abdurrahim
    abdurrahman abdussamet abidin adem adil adile adnan afet agah ahmad ahmed ahmet ahu aisha akif alaattin
    aleksandr alev aleyna ali aliye alp alparslan alper alperen amine amir anil anna ara aras arda arif arin
    arzu asaf asim asiye asli asuman asya ata atakan ates atilla atiye avni aybuke ayca aycan aydan aydin
    ayfer aygul ayhan ayla aylin ayse aysegul aysel aysenur aysun aytac aytekin ayten azad aziz azize azra
    bahar bahattin bahri baki banu baran baris basak baset bashar batuhan bawer bayram bedia bedirhan bedri
    begum behcet behiye bekir belgin belma bengu beren berfin beril beritan berivan berk berkan berkay berna
    berxwedan besime besra betul beyza bilal bilge bilgehan birgul birsen bora bugra bulent burak burcin
    burcu burhan buse busra cafer cagatay cagla caglar cahit can canan caner cansu celal celil cem cemal
    cemil cemile cemre cengiz cenk ceren cetin cevat cevdet cevriye ceyda ceyhan ceylan cicek cihan cihat
    ciwan coskun cuma cumali damla david davut defne demet deniz derin derya devran devrim dicle didem dilan
    dilara dilber dilek dilovan diren dogan dogukan dogus dondu duran durmus dursun duygu ebru ebubekir ece
    ecem ecrin eda edanur edip efe ekin ekrem elanur elena elif elmas emel emin emine emir emirhan emrah
    emre emrullah emsal ender enes engin enver eray ercan erdal erdem erdinc erdogan eren ergin ergun erhan
    erkan erol ersin ertan ertugrul esat esengul esin eslem esma esmanur esra eyup ezgi fadime fahri fahriye
    faik faruk fatih fatima fatma fatmanur fazil fehmi ferdi ferhad ferhat feride feridun ferit feryal fethi
    fevzi fevziye feyza fidan figen fikret fikri filiz fuat fulya funda furkan gamze garip gizem gokay gokce
    gokhan gokmen gonca gonul gorkem gul gulay gulbahar gulcan gulcin gulden guler gulhan gulistan gulizar
    gulnur gulsah gulsen gulser gulsum gulten guluzar gunay gunes gungor gurbuz gurkan guven hacer hadi
    hadice hakan hakki hala haldun halil halime halis halit haluk hamdi hamide hamit hamza handan hande
    hanife harun hasan hasibe hasret hassan hatice hatun havin havva hayati haydar hayrettin hayri hayriye
    hazal hediye helin heval hiba hicran hikmet hilal hilmi hira huda hulya huseyin husna husniye husnu
    hussain hussein ibrahim idris ihsan ikbal ilayda ilhami ilhan ilkay ilker ilknur ilyas imdat inan inci
    ipek irem irfan irmak isa ishak iskender islam ismail ismet ivan izzet jale james jiyan john kaan kader
    kadir kadriye kamer kamil kamile kamuran kasim kazim kemal kenan kerem kerim kerime khadija khaled
    khalil kiymet koray korhan kubilay kubra kudret kurtulus lale latif layla leman levent leyla lokman
    lutfi lutfiye maher mahir mahmoud mahmut makbule maria mary mazlum mehdi mehmed mehmet mehtap melahat
    melek melih melike melis melisa meltem memduh mensur meral merdan merih mert merve meryem mesut mete
    metehan metin mevlut michael mihriban mikail mina mine mirac miray mirhan miyase mizgin mohamad mohamed
    mohammed muammer muberra muge muhammad muhammed muhammet muharrem muhittin muhsin muhterem mukadder
    mukaddes mumin mumtaz munevver munir murat murathan muruvvet musa muslum mustafa mustapha mutlu muzaffer
    muzeyyen naci naciye nadir nadire nafiz nagehan nagihan nahide nail naim naime namik narin natalia nazan
    nazim nazime nazli nazmi nazmiye necati necdet necip necla necmettin necmi nedim nefise nehir nermin
    nesibe neslihan nesrin nevin nevzat newroz nezahat nezih nezihe nihal nihan nihat nil nilay nilgun
    nilufer nimet nisa nisanur niyazi nizamettin nizar nour nuh nur nuran nuray nurcan nurdan nureddin
    nurettin nurgul nurhan nuri nuriye nursel nursen nurten ogulcan oguz oguzhan okan oktay olcay olga olgun
    omar omer omur onder onur onurcan orcun orhan osman oya oyku ozan ozay ozcan ozden ozge ozgen ozgul
    ozgur ozkan ozlem oznur pakize pelin pembe perihan pervin perwin pinar polat poyraz rabia rahime rahmi
    ramazan rami rana rania rasim rasit raziye recai recep refik refika reha remzi remziye resat resit resul
    reyhan reyyan reza rezzan ridvan rifat riza rohat rojda rojhat rojin ronahi roza ruhi rukiye ruveyda
    ruya ruzgar saadet saadettin sabahat sabahattin sabri sabriye sacide sadettin sadik sadiye sadri safa
    safak saffet safiye sahin sait sakine sakir salih saliha salim samer samet sami samil saniye sara savas
    saziye seckin seda sedat sefa sefer sefika seher sehmus selahattin selami selcan selcuk selda selim
    selin selma selman selver sema semih semiha semra sena senay senem serap seray sercan serdar seref
    serhad serhat serife serkan serpil sertac server servet sevcan sevda sevgi sevgul sevil sevilay sevim
    sevinc sevket seyda seyfettin seyfi seyhan seyit seyma sezai sezen sezer sezgin sibel sidar siddika sila
    silan simge sinan sinem sirin siyar solmaz soner songul sosin suat sude sukran sukru sule suleyman
    sultan sumeyye suna suphi sureyya suzan tahir tahsin talat talha talip tamer taner tanju tarek tarik
    tayfun taylan tayyar tekin temel teoman tevfik tolga tolgahan toprak tugay tugba tugce tulay tulin
    tuncay tuncer turan turgay turgut turhan turkan ufuk ugur ulas ulku umit ummu ummuhan umran umut umutcan
    unal ural usame utku vahap vahide vahit vasfiye vedat veli vesile veysel veysi vildan vural walid xezal
    yagmur yahya yakup yaprak yaren yasar yasemin yasin yavuz yeliz yeter yigit yildiray yildiz yilmaz
    yousef youssef yunus yusra yusuf zafer zahide zahit zehra zeina zeki zekiye zelal zeliha zerda zeren
    zerrin zerya zeycan zeynel zeynep ziad zilan zisan ziya zozan zubeyde zubeyir zuhal zulal zulfikar
    zulfiye zulfu zulkuf zumrut
    """
)

# A profile name with any of these words is a slogan, a prayer, a shop, a nickname or a sentence.
NEVER_IN_A_NAME = _words(
    """
    allah allahim allaha allahin rabbim rab rabbi ya hz la ilahe illallah amin dua duam dualar hayirli
    cumalar kandil
    elhamdulillah hamdolsun bismillah insallah masallah subhanallah estagfirullah hasbunallah tovbe sabir
    hamd kuran
    ayet imam peygamber ummeti sevdalisi hizmetkari kulu fakirin ekmegi vatan vatanim millet milletim
    turkiye turkiyem
    turkum kurdistan sehit sehitler devlet hukuk halk halkin halki cumhuriyet ataturk ataturkcu esenyurt
    esenyurtlu
    istanbul belediye belediyesi baskan baskani muhtar muhtari muhtarligi mahallesi mahalle sitesi site
    apartmani
    yonetim yonetimi platformu dernegi derneqi vakfi sendikasi partisi partili genclik kollari teskilati
    ticaret
    ticareti sirketi ltd sti insaat emlak market kuafor berber oto galeri galerisi tekstil giyim butik mobilya
    nakliyat nakliye spor kulubu kafe cafe restoran pide kebap firin eczane eczanesi haber haberleri
    gazetesi gazete
    tv radyo medya official resmi sayfasi sayfa hesap hesabi fan fans club admin page shop store online
    dijital
    reklam organizasyon hizmetleri grup group holding mimarlik krali kralice prens prenses reis baba bey
    hanim abi
    abla kanka gamer pro serseri yolcu cimbom fener fenerli galatasaray galatasarayli besiktas besiktasli
    fenerbahce
    fenerbahceli trabzonspor aslanlar gece golge sessiz bir ve veya ile ben sen biz siz onlar icin gibi hep
    hic ne mi
    mu bu kim sey yok var degil ama fakat kalp kalbim ask askim hayat hayati dunya dunyasi mutluluk huzur
    insan
    insanlik anne annesi annem babasi babam anasi kizi oglu teyze dayi yenge hoca usta user kullanici
    isimsiz anonim
    vatandas misafir facebook instagram twitter whatsapp telegram unknown null none test deneme unutulmus
    kimsesiz
    sevdam canim cigerim bebegim istiyoruz istiyorum yeter artik yalan
    """
)

# Both surnames and parts of nicknames ("Ayşe Kurt", "Yalnız Kurt"): accepted only after a known first name.
DOUBTFUL_IN_A_NAME = _words(
    """
    kurt aslan kaplan kartal bozkurt turk bayrak beyaz siyah mavi kirmizi kara guzel seker tatli sevgi
    gunduz garip
    su yalniz deli asi kral karanlik yorgun minik bebek sevda umut hak adalet carsi gazi kul son yapi ciger
    dost dostu
    buyuk kucuk gercek gizli eski yeni sokak cocugu adam kadin
    """
)

TITLES = _words("dr prof doc av op uzm ogr gor yrd muh mim ecz")

# Arabic words of prayers and invocations. "Allah" itself is part of a name only after Abd.
ARABIC_PRAYERS = _words(
    """
    لا اله الا استغفر سبحان الحمد لله اللهم يارب يا رب صلي صلى رسول بسم توكلت حسبي ونعم الوكيل اذكروا لك قران
    """
)
