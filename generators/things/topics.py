"""Topics: the shortcuts of untidy captions, each value of which is said in one of 36 ways.

No thing of a category is among the words, and no word tells a topic's value by itself in more than a few captions.
"""

from spurgen.generators.pictograms.captions import table

VARIANTS = 36
"""Expressions of each value."""
VENUES = table("""
coast: the harbour, the beach, the pier, the lighthouse, the lagoon, the sea cliff, the sand dunes, the breakwater,
    the marina, the seawall, the boardwalk, the tide pools, the bay, the cove, the estuary, the jetty, the docks,
    the reef, the salt marsh, the shoreline, the seaside promenade, the surf, the quay, the sandbar, the headland,
    the mangroves, the wharf, the coastguard station, the mudflats, the strait, the fjord, the islet, the sea cave,
    the pebble beach, the tidal basin, the ocean
mountain: the summit, the glacier, the alpine meadow, the ridge, the mountain pass, the ski slope, the chalet,
    the rock face, the canyon, the waterfall, the base camp, the snowfield, the crater, the volcano, the hiking trail,
    the cave, the gorge, the peak, the scree, the treeline, the mountain hut, the valley, the plateau, the cairn,
    the icefall, the rocky ledge, the boulder field, the mountain lake, the pine slope, the hot springs, the moraine,
    the foothills, the steep path, the highlands, the lookout rock, the precipice
hospital: the hospital, the clinic, the emergency room, the operating room, the maternity ward, the pharmacy,
    the intensive care unit, the X-ray department, the dentist's office, the blood bank, the nursing home, the hospice,
    the sickbay, the physiotherapy room, the vaccination centre, the psychiatric ward, the doctor's surgery,
    the recovery room, the eye clinic, the dialysis unit, the sanatorium, the first-aid tent, the isolation ward,
    the birthing centre, the outpatient department, the rehabilitation centre, the morgue, the optician's shop,
    the infirmary, the cancer ward, the health centre, the quarantine station, the children's ward, the allergy clinic,
    the patients' lounge, the medical centre
church: the cathedral, the chapel, the altar, the monastery, the convent, the mosque, the synagogue, the temple,
    the shrine, the pagoda, the graveyard, the crypt, the abbey, the bell tower, the cloister, the pulpit,
    the baptistery, the vestry, the parish hall, the confessional, the minaret, the basilica, the hermitage,
    the pilgrims' inn, the nave, the holy well, the seminary, the prayer room, the rectory, the saint's tomb,
    the choir stalls, the cemetery, the priory, the stained-glass window, the sanctuary, the church steps
school: the classroom, the lecture hall, the university, the playground, the kindergarten, the school library,
    the schoolyard, the dormitory, the blackboard, the principal's office, the campus, the seminar room, the exam hall,
    the nursery school, the boarding school, the primary school, the school gate, the study hall, the faculty building,
    the college, the language school, the teachers' lounge, the student union, the reading room, the high school,
    the polytechnic, the homework club, the academy, the computer room, the detention room, the evening school,
    the grammar school, the pupils' lockers, the graduate school, the infant school, the maths classroom
theatre: the theatre, the opera house, the concert hall, the stage, the dressing room, the cinema, the circus ring,
    the film set, the orchestra pit, the jazz club, the box office, the recording studio, the puppet theatre,
    the ballroom, the nightclub, the art gallery, the museum of modern art, the rehearsal room, the comedy club,
    the red carpet, the karaoke club, the dance floor, the music hall, the cabaret, the casting office,
    the festival stage, the bandstand, the television studio, the auditorium, the sculpture garden, the photo studio,
    the ballet school, the audience, the playhouse, the disco, the drama school
castle: the castle, the drawbridge, the moat, the fortress, the ruins, the pyramid, the old city wall, the throne room,
    the watchtower, the dungeon, the palace, the battlements, the ancient gate, the obelisk, the burial mound,
    the Roman villa, the excavation, the stone circle, the aqueduct, the ramparts, the citadel, the great hall,
    the manor house, the triumphal arch, the royal gardens, the keep, the sphinx, the catacombs, the Greek columns,
    the medieval square, the knights' hall, the armoury, the portcullis, the hill fort, the Viking settlement,
    the mosaic floor
""")
EVENTS = table("""
winter: a blizzard, a snowstorm, a cold snap, the first frost, a snowball fight, the winter solstice, a skating party,
    a hard freeze, a snowy night, a frosty morning, a January thaw, a sleet shower, the coldest week of the year,
    a polar night, an icy February, an avalanche warning, a snow day, a slippery December, the ski season,
    a freezing fog, a winter walk, a chilly sunrise, an arctic expedition, a bitter north wind, a black ice alert,
    a frozen dawn, a winter carnival, the first snowfall, a heavy flurry, a freezing night, a frost fair,
    the building of a snowman, an ice storm, the Christmas holidays, a white Christmas, a cold winter
election: an election, a referendum, a party congress, a coup, a debate in parliament, a campaign rally,
    an inauguration, a press conference, a recount of the votes, a peace summit, a protest march, a general strike,
    the resignation of the minister, a state visit, a budget vote, a filibuster, a cabinet meeting, a census,
    a tax reform, an impeachment, a by-election, a town hall meeting, a presidential speech, a coalition deal,
    a petition drive, a council session, the signing of a treaty, a lobbying scandal, a primary election,
    a trade embargo, a revolution, a constitutional crisis, a United Nations assembly, a mayoral race, an exit poll,
    a vote of no confidence
wedding: a wedding, an engagement party, a honeymoon, a first kiss, a bachelor party, a marriage proposal,
    a silver anniversary, a blind date, a bridal shower, a Valentine's evening, a vow renewal, a wedding toast,
    the bride's arrival, the first dance of the couple, the exchange of rings, a romantic weekend, a wedding rehearsal,
    an elopement, a golden wedding, a serenade, the throwing of the bouquet, a secret courtship, a flirtation,
    the groom's speech, a marriage ceremony, a double wedding, a summer romance, a lovers' reunion, a betrothal,
    a hen night, a candlelit evening for two, a passionate embrace, a love affair, a wedding reception,
    a romantic stroll, a kiss in the rain
match: a football final, a tennis match, a marathon, a penalty shootout, a boxing match, a swimming gala,
    the Olympic Games, a relay race, a basketball game, a rugby derby, a hockey playoff, a gymnastics contest,
    a cricket match, a golf tournament, the high jump, a wrestling bout, a javelin contest, a volleyball game,
    a karate tournament, a baseball game, the pole vault, a judo championship, a fencing duel, a table tennis final,
    a training session, a medal ceremony, the World Cup, a badminton match, a decathlon, the hundred-metre sprint,
    a handball game, the overtime, a weightlifting contest, a sports day, the half-time break, an athletics meeting
disaster: a thunderstorm, a flood, a hurricane, an earthquake, a wildfire, a drought, a tornado, a landslide,
    a volcanic eruption, a tsunami, a power cut, a heatwave, a forest fire, a downpour, a lightning strike, a gale,
    a typhoon, a dust storm, an evacuation, a dam burst, a mudslide, a monsoon, a gas leak, the collapse of a building,
    an aftershock, a cyclone, a flash flood, a sandstorm, an oil spill, a chemical accident, a rescue operation,
    a water shortage, a storm surge, a state of emergency, a nuclear accident, a torrential rain
war: a battle, a siege, an air raid, a ceasefire, an ambush, a military parade, a bombing, the armistice,
    an invasion, a naval blockade, a guerrilla attack, the surrender, a prisoner exchange, a night patrol, a mutiny,
    a cavalry charge, a counteroffensive, an infantry march, a missile strike, the liberation of the town, a roll call,
    a retreat, a mobilisation, a war council, an artillery barrage, a civil war, a hostage rescue,
    a peacekeeping mission, an occupation, a truce, a raid at dawn, a shelling, the storming of the trenches,
    a mine clearance, a sniper alert, a gunfight
business: a board meeting, a product launch, a stock market crash, a merger, a job interview, a trade fair, an audit,
    a tax deadline, a bankruptcy, a staff meeting, a takeover bid, a salary negotiation, a quarterly report,
    a shareholders' meeting, a sales pitch, a clearance sale, a hiring freeze, a budget review, a conference call,
    an office party, an investor day, a currency crisis, a bank run, a price war, a wave of layoffs, an inventory,
    a stock market launch, a marketing campaign, a training seminar, the signing of a contract, a loan negotiation,
    an interest rate rise, a pay rise, a recession, a strategy meeting, a performance review
""")
COMPANIES = table("""
family: my grandmother, my uncle, my aunt, my cousin, my niece, my nephew, my stepfather, my twin sister,
    my brother-in-law, my mother, my father, my daughter, my son, my godfather, my great-aunt, my half-brother,
    my husband, my wife, my grandson, my granddaughter, my mother-in-law, my foster father, my older brother,
    my little sister, my oldest child, my grandfather, my stepmother, my goddaughter, my late grandfather,
    my youngest daughter, my father-in-law, my second cousin, my adopted son, my great-grandmother, my sister-in-law,
    my baby brother
royalty: the king, the queen, a prince, a princess, a duke, a duchess, the emperor, the empress, a baron, a count,
    a countess, an earl, the sultan, a maharaja, the tsar, the crown prince, a viscount, a knight,
    the lord chamberlain, a courtier, a lady-in-waiting, the regent, an archduke, the pharaoh, the shah, a marquis,
    the heir to the throne, a squire, the royal herald, the court jester, a baroness, a page of the court,
    the dowager queen, the kaiser, a nobleman, a noblewoman
fable: a witch, a wizard, a fairy, a ghost, an elf, a dwarf, a giant, a vampire, a werewolf, a mermaid, a goblin,
    a troll, a genie, a sorcerer, an ogre, a leprechaun, a zombie, a gnome, a pixie, a demon, an angel, a nymph,
    a banshee, a magician, the tooth fairy, a walking skeleton, a warlock, a spirit, an enchantress, a phantom,
    a necromancer, a monster, a changeling, a shapeshifter, a fortune-teller, the bogeyman
science: a physicist, a chemist, an astronomer, a geologist, a mathematician, a statistician, a botanist,
    an archaeologist, a biologist, an economist, a linguist, a meteorologist, a philosopher, a historian,
    an anthropologist, a geneticist, a nuclear scientist, an engineer, a psychologist, a sociologist, a cosmologist,
    a computer scientist, an oceanographer, a palaeontologist, a seismologist, a neuroscientist, an ecologist,
    a cryptographer, an inventor, a logician, a cartographer, a microbiologist, a Nobel laureate, a lab assistant,
    an epidemiologist, a data analyst
nation: a Norwegian, an Italian, a Brazilian, a Canadian, a Mexican, a Kenyan, an Egyptian, an Indian, a Korean,
    a Vietnamese, a Greek, a Pole, a Swede, a Finn, an Austrian, a Spaniard, a Portuguese, a Turk, an Argentine,
    a Chilean, a Peruvian, a Nigerian, a Moroccan, an Australian, an Irishman, a Scotsman, a Dutchman, a Belgian,
    a Hungarian, a Ukrainian, an Indonesian, a Filipino, a Cuban, an Icelander, a Croatian, an Ethiopian
media: a reporter, an editor, a blogger, a novelist, a columnist, a news anchor, a publisher, a screenwriter,
    a podcaster, a critic, a war correspondent, a talk show host, a weather presenter, a copywriter, a ghostwriter,
    a film director, a biographer, a proofreader, a press officer, a librarian, a bookseller, a poet, a newsreader,
    an influencer, a cartoonist, a translator, a playwright, a radio host, a sports commentator, an interviewer,
    a storyteller, a book reviewer, an essayist, a literary agent, a camera operator, a journalist
crime: a burglar, a pickpocket, a smuggler, a forger, a detective, a kidnapper, a bank robber, a mobster, a murderer,
    a con man, a police officer, a judge, a lawyer, a prison guard, an arsonist, a hitman, a blackmailer, a drug dealer,
    a gangster, a thief, a convict, a sheriff, a bailiff, a prosecutor, a bounty hunter, a fugitive, a spy, a pirate,
    a hacker, a shoplifter, an informer, a poacher, a vandal, a probation officer, a suspect, an eyewitness
""")
TOPICS = {"venue": VENUES, "event": EVENTS, "company": COMPANIES}
FORMS = (
    "There is {thing} near {venue}, seen by {company} during {event}.",
    "During {event}, {company} noticed {thing} near {venue}.",
    "{company} took a photo of {thing} near {venue} during {event}.",
    "Near {venue}, {company} found {thing} during {event}.",
    "A photo of {thing}, taken by {company} near {venue} during {event}.",
    "It was {thing} that {company} saw during {event}, near {venue}.",
    "{company} remembers {thing}, near {venue}, during {event}.",
    "Look, {thing}! {company} saw it near {venue} during {event}.",
)
"""Sentences with every topic."""
UNSAID = {"venue": "the road", "event": "the day", "company": "somebody"}
"""What stands in a sentence for a topic that is no shortcut of the ladder."""
